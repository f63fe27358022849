'use client';

import { useEffect, useMemo, useState } from 'react';
import type { KnownValues, Offer } from './completion.ts';

export interface Help {
  readonly offered: readonly Offer[];
  /** Why the draft cannot be read; empty where it can, or where an offer would complete it. */
  readonly fault: string;
}

type Completion = typeof import('./completion.ts');
type Cel = typeof import('./cel-fault.ts');

const nothing: Help = { offered: [], fault: '' };

/**
 * Completions of the draft, or what is wrong with it. The language's tables are fetched when the field is first opened, and
 * CEL's when it is first used. `read` is called when the draft changes.
 */
export function useOffers(isOpen: boolean, draft: string, read: () => KnownValues): Help {
  const [completion, setCompletion] = useState<Completion>();
  const [cel, setCel] = useState<Cel>();
  const hasCel = /(?:^|\s|-)cel:/i.test(draft);
  useEffect(() => {
    if (isOpen) void import('./completion.ts').then(setCompletion);
  }, [isOpen]);
  useEffect(() => {
    if (hasCel) void import('./cel-fault.ts').then(setCel);
  }, [hasCel]);
  return useMemo(() => {
    if (!isOpen || completion === undefined) return nothing;
    const offered = completion.offers(draft, read());
    if (offered.length > 0) return { offered, fault: '' };
    return { offered, fault: (hasCel && cel?.celFault(draft)) || completion.draftFault(draft) };
  }, [isOpen, completion, cel, hasCel, draft, read]);
}
