import type { Metadata } from 'next';
import { MapPage } from '#components/shell/map-page.tsx';

export const metadata: Metadata = { title: 'Service map' };

export default function Page() {
  return <MapPage />;
}
