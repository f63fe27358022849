// The icon of a card: what a vertex is, told by its kind and by the ports and protocols on which it is called.

import {
  Box,
  Boxes,
  CircleQuestionMark,
  Cloud,
  Database,
  DoorOpen,
  Globe,
  HeartPulse,
  Layers,
  type LucideIcon,
  Package,
  Server,
  ShipWheel,
  Signpost,
  Terminal,
  Timer,
  Zap,
} from 'lucide-react';
import type { Container } from '../graph/map-scope.ts';
import type { ViewVertex } from '../graph/view-graph.ts';

const DATABASE_PORTS = new Set([1433, 1521, 3306, 5432, 5433, 7000, 8123, 8529, 9042, 9200, 26257, 27017, 28015]);
const CACHE_PORTS = new Set([6379, 6380, 11211]);
const QUEUE_PORTS = new Set([1883, 4222, 5671, 5672, 6650, 9092, 9093, 9094]);
const DNS_PORT = 53;
const GATEWAY_NAME = /(^|[-.])(gateway|ingress|envoy|traefik|nginx|haproxy|istio-ingressgateway)/;

/** Words of reserved identities; the others are machines. */
const RESERVED_ICONS: Readonly<Record<string, LucideIcon>> = {
  world: Globe,
  internet: Globe,
  'kube-apiserver': ShipWheel,
  health: HeartPulse,
  ingress: DoorOpen,
  unknown: CircleQuestionMark,
};

const CONTAINER_ICONS: Readonly<Record<Container['kind'], LucideIcon>> = {
  cluster: Cloud,
  namespace: Package,
  workload: Boxes,
  pod: Box,
  outside: Globe,
};

export function iconOf(card: ViewVertex): LucideIcon {
  const { vertex, ports } = card;
  if (!vertex) return card.container === undefined ? Package : CONTAINER_ICONS[card.container.kind];
  switch (vertex.kind) {
    case 'external':
      return Globe;
    case 'reserved':
      return RESERVED_ICONS[vertex.name] ?? Server;
    case 'host-process':
      return Terminal;
    case 'other':
      return Cloud;
    case 'workload':
      if (vertex.pod !== '') return Box;
      break;
  }
  if (ports.includes(DNS_PORT)) return Signpost;
  if (ports.some((port) => CACHE_PORTS.has(port))) return Zap;
  if (ports.some((port) => DATABASE_PORTS.has(port))) return Database;
  if (ports.some((port) => QUEUE_PORTS.has(port))) return Layers;
  if (GATEWAY_NAME.test(vertex.name)) return DoorOpen;
  return vertex.workloadKind === 'CronJob' || vertex.workloadKind === 'Job' ? Timer : Boxes;
}
