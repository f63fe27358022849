import type { Metadata } from 'next';
import { VerdictsPage } from '#components/verdicts/verdicts-page.tsx';

export const metadata: Metadata = { title: 'Refused traffic' };

export default function Page() {
  return <VerdictsPage />;
}
