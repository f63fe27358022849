'use client';

// Whom a service talks to, both ways, busiest first; one press selects the connection.

import { perSecond } from '../format/figures.ts';
import { figuresOf } from '../store/figures.ts';
import type { MapEdge, MapVertex, ServiceMapModel } from '../store/service-map-model.ts';
import { useSelection } from '../url/url-state.ts';
import { PanelSection } from './panel-parts.tsx';

interface Peer {
  readonly way: 'in' | 'out';
  readonly sourceId: string;
  readonly destinationId: string;
  readonly other: MapVertex | undefined;
  readonly rate: number;
  readonly drops: number;
}

interface ConnectionsProps {
  readonly map: ServiceMapModel;
  readonly incoming: readonly MapEdge[];
  readonly outgoing: readonly MapEdge[];
}

export function Connections({ map, incoming, outgoing }: ConnectionsProps) {
  const [, setSelection] = useSelection();
  const peers = [...peersOf(map, incoming, 'in'), ...peersOf(map, outgoing, 'out')];
  const most = Math.max(...peers.map((peer) => peer.rate), 0.001);
  if (peers.length === 0) return null;
  return (
    <PanelSection title="Connections">
      <ul>
        {peers.map(({ way, sourceId, destinationId, other, rate, drops }) => (
          <li key={`${way} ${sourceId} ${destinationId}`}>
            <button
              type="button"
              onClick={() => setSelection({ kind: 'edge', sourceId, destinationId })}
              className="-mx-2 grid h-7 w-[calc(100%+16px)] grid-cols-[26px_minmax(0,1fr)_64px_60px] items-center gap-2 rounded-chip px-2 text-left text-cell hover:bg-hover"
            >
              <span className="text-2xs text-fg-3">{way}</span>
              <span className="truncate">
                {other?.namespace !== '' && <span className="text-fg-3">{other?.namespace}/</span>}
                {other?.name ?? 'unknown'}
              </span>
              <span className="h-1 overflow-hidden rounded-full bg-line">
                <span
                  className={`block h-full rounded-full ${drops > 0 ? 'bg-bad' : 'bg-accent/75'}`}
                  style={{ width: `${Math.max(2, ((drops > 0 ? drops : rate) / most) * 100)}%` }}
                />
              </span>
              <span className={`text-right ${drops > 0 ? 'text-bad' : 'text-fg-2'}`}>
                {perSecond(drops > 0 ? drops : rate)}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </PanelSection>
  );
}

function peersOf(map: ServiceMapModel, edges: readonly MapEdge[], way: Peer['way']): Peer[] {
  const pairs = Map.groupBy(edges, (edge) => `${edge.sourceId} ${edge.destinationId}`);
  return [...pairs.values()]
    .map((pair) => {
      const figures = figuresOf(pair, map);
      const sourceId = pair[0]?.sourceId ?? '';
      const destinationId = pair[0]?.destinationId ?? '';
      const other = map.vertices.get(way === 'in' ? sourceId : destinationId);
      const rate = figures.requestsPerSecond;
      return { way, sourceId, destinationId, other, rate, drops: rate > 0 ? 0 : figures.dropsPerSecond };
    })
    .sort((a, b) => b.rate - a.rate);
}
