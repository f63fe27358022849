'use client';

import { useEffect, useMemo, useState } from 'react';
import type { ServiceMapModel } from '../store/service-map-model.ts';
import type { Offer } from './completion.ts';

export interface Help {
  readonly offered: readonly Offer[];
  /** Why the draft cannot be read; empty where it can, or where an offer would complete it. */
  readonly fault: string;
}

type Completion = typeof import('./completion.ts');

const nothing: Help = { offered: [], fault: '' };

/** Completions of the draft, or what is wrong with it. The language's tables are fetched when the field is first opened. */
export function useOffers(isOpen: boolean, draft: string, map: ServiceMapModel): Help {
  const [completion, setCompletion] = useState<Completion>();
  useEffect(() => {
    if (isOpen) void import('./completion.ts').then(setCompletion);
  }, [isOpen]);
  return useMemo(() => {
    if (!isOpen || completion === undefined) return nothing;
    const offered = completion.offers(draft, map);
    return { offered, fault: offered.length === 0 ? completion.draftFault(draft) : '' };
  }, [isOpen, completion, draft, map]);
}
