'use client';

import { useEffect, useMemo, useState } from 'react';
import type { ServiceMapModel } from '../store/service-map-model.ts';
import type { Offer } from './completion.ts';

type Offers = (draft: string, map: ServiceMapModel) => readonly Offer[];

const none: readonly Offer[] = [];

/** Completions of the draft. The language's tables are fetched when the field is first opened. */
export function useOffers(isOpen: boolean, draft: string, map: ServiceMapModel): readonly Offer[] {
  const [offers, setOffers] = useState<Offers>();
  useEffect(() => {
    if (isOpen) void import('./completion.ts').then((module) => setOffers(() => module.offers));
  }, [isOpen]);
  return useMemo(() => (isOpen && offers !== undefined ? offers(draft, map) : none), [isOpen, offers, draft, map]);
}
