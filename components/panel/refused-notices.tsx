'use client';

// What is dropped around the selection, in plain sentences: who to whom, why, where to look, and the flows behind it.

import { ArrowRight } from 'lucide-react';
import { withTerms } from '../filter/terms.ts';
import { dropWords } from '../flows/verdict-mark.tsx';
import { perSecond } from '../format/figures.ts';
import { sinceText } from '../format/times.ts';
import type { MapEdge, ServiceMapModel } from '../store/service-map-model.ts';
import { useFilterText } from '../url/url-state.ts';
import { explainDrop } from './drop-reasons.ts';

export function RefusedNotices({ map, edges }: { readonly map: ServiceMapModel; readonly edges: readonly MapEdge[] }) {
  const refused = edges.filter((edge) => edge.dropped > 0);
  return (
    <div className="flex flex-col gap-3 px-5 pt-5 empty:hidden">
      {refused.map((edge) => (
        <RefusedNotice key={edge.id} edge={edge} map={map} />
      ))}
    </div>
  );
}

export function RefusedNotice({ edge, map }: { readonly edge: MapEdge; readonly map: ServiceMapModel }) {
  const [filter, setFilter] = useFilterText();
  const source = map.vertices.get(edge.sourceId)?.name ?? 'unknown';
  const destination = map.vertices.get(edge.destinationId)?.name ?? 'unknown';
  const most = edge.drops.toSorted((a, b) => b.count - a.count)[0];
  const reason = most?.reason ?? '';
  const since = sinceText(most?.firstSeenMs ?? 0);
  const { what, look } = explainDrop(reason);
  return (
    <section aria-label="Refused" className="rounded-notice bg-bad-soft p-3.5 text-xs leading-[18px]">
      <p>
        <strong className="font-semibold">{source}</strong> to{' '}
        <strong className="font-semibold">
          {destination}
          {edge.destinationPort > 0 && `:${edge.destinationPort}`}
        </strong>{' '}
        is refused {perSecond(edge.dropped / Math.max(1, map.coveredMs / 1000)).replace('/s', ' times a second')} (
        {dropWords(reason)}){since !== '' && `, since ${since}`}. {what}
      </p>
      <p className="mt-1.5 text-fg-2">{look}</p>
      <button
        type="button"
        onClick={() => setFilter(withTerms(filter, 'verdict:dropped'))}
        className="mt-2 flex items-center gap-1 rounded-chip font-medium text-bad hover:underline"
      >
        Show dropped flows <ArrowRight size={12} aria-hidden />
      </button>
    </section>
  );
}
