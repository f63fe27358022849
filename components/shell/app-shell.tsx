'use client';

// The frame of every page: rail, top bar, notices, and the keys that work everywhere.

import dynamic from 'next/dynamic';
import { type ReactNode, useState } from 'react';
import { useKeys } from '../controls/use-keys.ts';
import { useReading } from '../flows/reading.tsx';
import { Notices } from './notices.tsx';
import { Rail } from './rail.tsx';
import { TopBar } from './top-bar.tsx';

const CommandPalette = dynamic(() => import('./command-palette.tsx').then((module) => module.CommandPalette));
const KeyHelp = dynamic(() => import('./key-help.tsx').then((module) => module.KeyHelp));

type Overlay = 'none' | 'palette' | 'keys';

export function AppShell({ children }: { readonly children: ReactNode }) {
  const [overlay, setOverlay] = useState<Overlay>('none');
  const { paused, setPaused } = useReading();
  const close = () => setOverlay('none');
  useKeys({
    'mod+k': (event) => {
      event.preventDefault();
      setOverlay('palette');
    },
    '?': () => setOverlay('keys'),
    ' ': (event) => {
      if (event.target instanceof HTMLElement && event.target.matches('button, a, [role="button"]')) return;
      event.preventDefault();
      setPaused(!paused);
    },
  });
  // In a low window, or a page zoomed far in, the frame would leave nothing for what it frames: all of it scrolls.
  return (
    <div className="grid h-dvh grid-cols-[52px_minmax(0,1fr)] grid-rows-[52px_minmax(0,1fr)] max-md:grid-cols-1 max-md:grid-rows-[48px_minmax(0,1fr)_52px] max-md:[@media(max-height:480px)]:h-auto max-md:[@media(max-height:480px)]:grid-rows-[48px_780px_52px]">
      <div className="row-span-2 grid max-md:row-span-1 max-md:row-start-3">
        <Rail />
      </div>
      <TopBar onSearch={() => setOverlay('palette')} onKeys={() => setOverlay('keys')} />
      <div className="flex min-h-0 min-w-0 flex-col">
        <Notices />
        <div className="min-h-0 flex-1">{children}</div>
      </div>
      {overlay === 'palette' && <CommandPalette onClose={close} />}
      {overlay === 'keys' && <KeyHelp onClose={close} />}
    </div>
  );
}
