'use client';

// Gives the page its store: watches what the URL asks for while the tab is seen, rests while it is hidden.

import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from 'react';
import { useFilterText, useScope, useWindowSeconds } from '../url/url-state.ts';
import { pageStore } from './open-worker.ts';
import { emptySnapshot, type Snapshot, type TabStore } from './tab-store.ts';
import { watchKey } from './watch-key.ts';

const ALIVE_EVERY_MS = 10_000;
const StoreContext = createContext<TabStore | undefined>(undefined);

export function DashboardProvider({ children }: { readonly children: ReactNode }) {
  const [store] = useState(() => (typeof window === 'undefined' ? undefined : pageStore()));
  const [filterText] = useFilterText();
  const [windowSeconds] = useWindowSeconds();
  const [scope] = useScope();
  const key = watchKey(filterText, windowSeconds, scope);

  useEffect(() => void performance.mark('page hydrated'), []);
  useEffect(() => {
    if (store === undefined) return;
    const follow = () => (document.hidden ? store.rest() : store.watch(key));
    const leave = () => store.rest();
    const alive = setInterval(() => {
      if (!document.hidden) store.alive();
    }, ALIVE_EVERY_MS);
    follow();
    document.addEventListener('visibilitychange', follow);
    window.addEventListener('pagehide', leave);
    return () => {
      clearInterval(alive);
      document.removeEventListener('visibilitychange', follow);
      window.removeEventListener('pagehide', leave);
    };
  }, [store, key]);

  return <StoreContext.Provider value={store}>{children}</StoreContext.Provider>;
}

const noSubscription = () => () => undefined;
const noSnapshot = () => emptySnapshot;

/** Re-renders when the selected part changes identity: select whole parts, derive inside the view. */
export function useSnapshot<Part>(select: (snapshot: Snapshot) => Part): Part {
  const store = useContext(StoreContext);
  const read = store?.snapshot ?? noSnapshot;
  return useSyncExternalStore(
    store?.subscribe ?? noSubscription,
    () => select(read()),
    () => select(emptySnapshot),
  );
}

export function useTabStore(): TabStore | undefined {
  return useContext(StoreContext);
}
