import type { Metadata } from 'next';
import { StatusPage } from '#components/status/status-page.tsx';

export const metadata: Metadata = { title: 'Nodes and coverage' };

export default function Page() {
  return <StatusPage />;
}
