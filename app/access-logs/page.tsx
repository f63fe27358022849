import type { Metadata } from 'next';
import { AccessLogsPage } from '#components/access-logs/access-logs-page.tsx';

export const metadata: Metadata = { title: 'Access logs' };

export default function Page() {
  return <AccessLogsPage />;
}
