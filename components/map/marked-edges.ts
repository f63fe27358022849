'use client';

// Edges that another view wants to see on the map: a policy preview says what it would refuse and admit. Kept for as long
// as the page is open, whichever view is shown; never in the URL, since a plan of a thousand edges is no address.

import { useSyncExternalStore } from 'react';
import type { MarkedEdge } from './map-view-types.ts';

export interface MarkedEdges {
  /** Whose they are, for the word above the map: "policy preview". */
  readonly title: string;
  readonly edges: readonly MarkedEdge[];
}

let marked: MarkedEdges | undefined;
const listeners = new Set<() => void>();

/** Undefined takes the marks away. */
export function showOnMap(next: MarkedEdges | undefined): void {
  marked = next;
  for (const listener of listeners) listener();
}

export function useMarkedEdges(): MarkedEdges | undefined {
  return useSyncExternalStore(
    subscribe,
    () => marked,
    () => undefined,
  );
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
