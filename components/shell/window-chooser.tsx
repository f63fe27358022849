'use client';

import { ChevronDown, Radio } from 'lucide-react';
import { Menu, MenuChoices, MenuHeading } from '../controls/menu.tsx';
import { heldText, windowText } from '../format/window-text.ts';
import { useSnapshot } from '../store/dashboard-provider.tsx';
import { useWindowSeconds, WINDOW_SECONDS } from '../url/url-state.ts';

export function WindowChooser() {
  const [seconds, setSeconds] = useWindowSeconds();
  const state = useSnapshot((snapshot) => snapshot.connection.state);
  const isLive = state === 'live';
  const coveredMs = useSnapshot(({ map }) => (map.windowSeconds === seconds ? map.coveredMs : 0));
  return (
    <Menu
      trigger={
        <button
          type="button"
          className="flex h-8 items-center gap-2 whitespace-nowrap rounded-control border border-line bg-raised px-2.5 text-sm hover:border-line-strong"
        >
          <Radio size={15} strokeWidth={1.8} className={isLive ? 'text-ok' : 'text-warn'} aria-hidden />
          {isLive ? 'Live' : state === 'connecting' ? 'Connecting' : 'Not live'}
          <span className="text-fg-3">last {heldText(seconds, coveredMs)}</span>
          <ChevronDown size={13} className="text-fg-3" aria-hidden />
        </button>
      }
    >
      <MenuHeading>Figures of the last</MenuHeading>
      <MenuChoices
        value={String(seconds)}
        choices={WINDOW_SECONDS.map((value) => ({ value: String(value), label: windowText(value) }))}
        onChoose={(value) => setSeconds(Number(value))}
      />
    </Menu>
  );
}
