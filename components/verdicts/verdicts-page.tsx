'use client';

// Who is refused, why, how often and when last: one card a refused connection, most refused first.

import { ShieldCheck } from 'lucide-react';
import Link from 'next/link';
import { connectionTerms } from '../filter/end-terms.ts';
import { withTerms } from '../filter/terms.ts';
import { dropWords, MarkShape } from '../flows/verdict-mark.tsx';
import { perSecond, plural, wholeNumber } from '../format/figures.ts';
import { clock, sinceText } from '../format/times.ts';
import { heldText } from '../format/window-text.ts';
import { explainDrop } from '../panel/drop-reasons.ts';
import { connects } from '../panel/matching-rows.ts';
import { useSnapshot } from '../store/dashboard-provider.tsx';
import type { FlowRow } from '../store/flow-row.ts';
import type { MapEdge, MapVertex, ServiceMapModel } from '../store/service-map-model.ts';
import { selectionText } from '../url/selection.ts';
import { useFilterText, useWindowSeconds } from '../url/url-state.ts';

export function VerdictsPage() {
  const map = useSnapshot((snapshot) => snapshot.map);
  const hasMap = useSnapshot((snapshot) => snapshot.hasMap);
  const rows = useSnapshot((snapshot) => snapshot.rows);
  const refused = [...map.edges.values()].filter((edge) => edge.dropped > 0).sort((a, b) => b.dropped - a.dropped);
  return (
    <main className="mx-auto h-full w-full max-w-5xl overflow-y-auto px-6 py-6">
      <h1 className="font-semibold text-title">Refused traffic</h1>
      <p className="mt-1 text-fg-2">
        {plural(refused.length, 'connection')} with drops in the last {heldText(map.windowSeconds, map.coveredMs)}
      </p>
      {hasMap && refused.length === 0 && <NothingRefused />}
      <ul className="mt-5 flex flex-col gap-3">
        {refused.map((edge) => (
          <li key={edge.id}>
            <RefusedEdge edge={edge} map={map} example={latestDrop(rows, edge, map)} />
          </li>
        ))}
      </ul>
    </main>
  );
}

interface RefusedEdgeProps {
  readonly edge: MapEdge;
  readonly map: ServiceMapModel;
  /** Its latest drop among the page's rows, which tells what policy says; undefined where there is none. */
  readonly example: FlowRow | undefined;
}

function RefusedEdge({ edge, map, example }: RefusedEdgeProps) {
  const [filter] = useFilterText();
  const [windowSeconds] = useWindowSeconds();
  const seconds = Math.max(1, map.coveredMs / 1000);
  const source = map.vertices.get(edge.sourceId);
  const destination = map.vertices.get(edge.destinationId);
  const between = source && destination ? connectionTerms(source, destination) : '';
  // What the reader looks at goes along; a map of this connection alone would show it without its surroundings.
  const look = { ...(filter === '' ? {} : { q: filter }), window: `${windowSeconds}` };
  const selected = new URLSearchParams({
    ...look,
    sel: selectionText({ kind: 'edge', sourceId: edge.sourceId, destinationId: edge.destinationId }),
  });
  const dropped = new URLSearchParams({ ...look, q: withTerms(filter, `verdict:dropped ${between}`) });
  return (
    <article className="rounded-notice border border-line bg-surface p-4">
      <div className="flex items-baseline gap-2">
        <h2 className="min-w-0 flex-1 truncate text-sm">
          <Name vertex={source} /> <span className="text-fg-3">to</span> <Name vertex={destination} />
          {edge.destinationPort > 0 && <span className="text-fg-3">:{edge.destinationPort}</span>}
        </h2>
        <span className="flex items-center gap-1.5 text-bad">
          <MarkShape mark="bad" />
          {perSecond(edge.dropped / seconds)}
        </span>
        <span className="text-right text-fg-3 text-xs">
          {sinceOf(edge)}last {clock(edge.lastSeenMs)}
        </span>
      </div>
      {edge.drops.map(({ reason, count }) => (
        <div key={reason} className="mt-3 grid grid-cols-[180px_minmax(0,1fr)] gap-x-4 text-cell">
          <p className="text-fg-2">
            {dropWords(reason)} <span className="text-fg-3">× {wholeNumber(count)}</span>
          </p>
          <p>
            {explainDrop(reason).what} <span className="text-fg-2">{explainDrop(reason).look}</span>
          </p>
        </div>
      ))}
      {example !== undefined && example.why !== '' && (
        <p className="mt-3 text-cell">
          <span className="text-fg-3">Why: </span>
          {example.why}
        </p>
      )}
      <p className="mt-3 flex gap-4 text-xs">
        <Link href={`/?${selected}`} className="rounded-chip text-accent hover:underline">
          Show on the map
        </Link>
        <Link href={`/flows?${dropped}`} className="rounded-chip text-accent hover:underline">
          Show its dropped flows
        </Link>
        {edge.forwarded > 0 && <span className="text-fg-3">{wholeNumber(edge.forwarded)} others passed</span>}
      </p>
    </article>
  );
}

/** "since 14:02, " of the earliest drop that the relay remembers; '' where it does not tell. */
function sinceOf(edge: MapEdge): string {
  const known = edge.drops.map(({ firstSeenMs }) => firstSeenMs).filter((ms) => ms > 0);
  return known.length === 0 ? '' : `since ${sinceText(Math.min(...known))}, `;
}

function latestDrop(rows: readonly FlowRow[], edge: MapEdge, map: ServiceMapModel): FlowRow | undefined {
  const source = map.vertices.get(edge.sourceId);
  const destination = map.vertices.get(edge.destinationId);
  if (source === undefined || destination === undefined) return undefined;
  return rows.findLast((row) => row.verdict === 'dropped' && connects(row, source, destination));
}

function Name({ vertex }: { readonly vertex: MapVertex | undefined }) {
  return (
    <span className="font-medium">
      {vertex?.namespace && <span className="font-normal text-fg-3">{vertex.namespace}/</span>}
      {vertex?.name ?? 'unknown'}
    </span>
  );
}

function NothingRefused() {
  return (
    <div className="mt-16 flex flex-col items-center gap-3 text-center">
      <ShieldCheck size={28} strokeWidth={1.6} className="text-ok" aria-hidden />
      <p className="font-medium text-sm">Nothing was refused</p>
      <p className="text-fg-2 text-xs">
        No packet was dropped in this window, as far as the nodes that report can see.
      </p>
    </div>
  );
}
