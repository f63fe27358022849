import type { Metadata } from 'next';
import { FlowsPage } from '#components/shell/flows-page.tsx';

export const metadata: Metadata = { title: 'Flows' };

export default function Page() {
  return <FlowsPage />;
}
