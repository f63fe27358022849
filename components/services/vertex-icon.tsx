// What kind of thing a vertex is, at a glance. Names of well-known stores decide before the workload's kind does.

import { Boxes, Clock, Cog, Database, Globe, Layers, Network, Server, Shapes, Zap } from 'lucide-react';
import type { MapVertex } from '../store/service-map-model.ts';

const byName = [
  [/redis|memcache|valkey|cache/i, Zap],
  [/kafka|rabbit|nats|queue|pulsar/i, Layers],
  [/postgres|mysql|maria|mongo|cassandra|clickhouse|elastic|search|db$/i, Database],
  [/dns/i, Network],
] as const;

export function VertexIcon({ vertex, size = 14 }: { readonly vertex: MapVertex; readonly size?: number }) {
  const Icon = iconOf(vertex);
  return <Icon size={size} strokeWidth={1.8} aria-hidden />;
}

function iconOf(vertex: MapVertex) {
  switch (vertex.kind) {
    case 'external':
      return Globe;
    case 'reserved':
      return vertex.name === 'world' ? Globe : Server;
    case 'host-process':
      return Cog;
    case 'other':
      return Shapes;
    case 'workload':
      if (/job/i.test(vertex.workloadKind)) return Clock;
      return byName.find(([pattern]) => pattern.test(vertex.name))?.[1] ?? Boxes;
  }
}
