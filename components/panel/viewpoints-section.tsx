'use client';

// The connection of a flow as each place saw it, side by side.

import { useEffect, useState } from 'react';
import { dropWords, MarkShape } from '../flows/verdict-mark.tsx';
import { byteText, durationText, plural } from '../format/figures.ts';
import type { FlowRow } from '../store/flow-row.ts';
import { PanelSection } from './panel-parts.tsx';
import { type Viewpoint, viewpointsOf, wayUs } from './viewpoints.ts';

const MOST_FLOWS = 200;
const places = { source: "source's node", destination: "destination's node", between: 'a proxy between' } as const;

export function ViewpointsSection({ row }: { readonly row: FlowRow }) {
  const views = useViewpoints(row);
  if (views === undefined || views.length === 0) return null;
  const way = wayUs(views);
  return (
    <PanelSection title="Seen from" aside={<span className="text-2xs text-fg-3">{plural(views.length, 'place')}</span>}>
      <div className={`grid gap-2 ${views.length > 1 ? 'grid-cols-2' : ''}`}>
        {views.map((view) => (
          <View key={`${view.place} ${view.node}`} view={view} />
        ))}
      </div>
      {way !== undefined && (
        <p className="mt-2 text-fg-2 text-xs">
          The source waited {durationText(way)} longer than the destination took: that was the way between them.
        </p>
      )}
      {views.length === 1 && <p className="mt-2 text-fg-2 text-xs">No other node reported this connection.</p>}
    </PanelSection>
  );
}

function View({ view }: { readonly view: Viewpoint }) {
  const isDropped = view.verdict === 'DROPPED';
  return (
    <div className="min-w-0 rounded-notice border border-line px-3 py-2 text-xs">
      <p className="truncate font-medium text-cell">{view.node || 'unnamed node'}</p>
      <p className="text-2xs text-fg-3">{places[view.place]}</p>
      <p className="mt-1.5 flex items-center gap-1.5">
        <MarkShape mark={isDropped ? 'bad' : 'ok'} />
        <span className={`truncate ${isDropped ? 'text-bad' : ''}`}>
          {isDropped ? dropWords(view.dropReason) : view.verdict.toLowerCase()}
        </span>
      </p>
      <p className="mt-0.5 text-fg-2">
        {[
          view.latencyUs === undefined ? '' : durationText(view.latencyUs),
          view.bytes === undefined ? '' : byteText(view.bytes),
          plural(view.flows, 'flow'),
        ]
          .filter(Boolean)
          .join(' · ')}
      </p>
    </div>
  );
}

/** All flows of the row's connection that the relay still has. Undefined until it answers. */
function useViewpoints(row: FlowRow): readonly Viewpoint[] | undefined {
  const { source, destination, timeMs, latencyUs } = row;
  const [views, setViews] = useState<{ readonly q: string; readonly views: readonly Viewpoint[] }>();
  const q = [source, destination].map(({ ip, port }) => `ip:${ip}${port > 0 ? ` port:${port}` : ''}`).join(' ');
  const hasAddresses = source.ip !== '' && destination.ip !== '';
  useEffect(() => {
    if (!hasAddresses) return;
    const abort = new AbortController();
    const query = new URLSearchParams({ q, follow: 'false', history: String(MOST_FLOWS) });
    fetch(`/api/flows?${query}`, { signal: abort.signal })
      .then(async (response) => {
        const lines = response.ok ? await response.text() : '';
        setViews({ q, views: viewpointsOf(lines, { timeMs, latencyUs }) });
      })
      // Cut off, or another row was chosen: the notices above the page tell what is wrong.
      .catch(() => undefined);
    return () => abort.abort();
  }, [q, hasAddresses, timeMs, latencyUs]);
  return views?.q === q ? views.views : undefined;
}
