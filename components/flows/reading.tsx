'use client';

// Whether the flows run or are held. Pausing is the reader's explicit wish, so the table, the palette and the keys share
// it; holding still under the pointer is the table's own business.

import { createContext, type ReactNode, useContext, useMemo, useState } from 'react';

export interface Reading {
  readonly paused: boolean;
  readonly setPaused: (paused: boolean) => void;
}

const ReadingContext = createContext<Reading>({ paused: false, setPaused: () => undefined });

export function ReadingProvider({ children }: { readonly children: ReactNode }) {
  const [paused, setPaused] = useState(false);
  const reading = useMemo(() => ({ paused, setPaused }), [paused]);
  return <ReadingContext.Provider value={reading}>{children}</ReadingContext.Provider>;
}

export function useReading(): Reading {
  return useContext(ReadingContext);
}
