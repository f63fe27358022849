'use client';

// The panel's place: its code is fetched with the first selection, not with the page.

import dynamic from 'next/dynamic';
import { useSelection } from '../url/url-state.ts';

const DetailsPanel = dynamic(() => import('./details-panel.tsx').then((module) => module.DetailsPanel), { ssr: false });

export function DetailsSlot() {
  const [selection] = useSelection();
  return selection === null ? null : <DetailsPanel />;
}
