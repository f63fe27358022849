// Prometheus metrics of an exporter: what was seen, lost and skipped, hop by hop. Figures are read when they are asked for.

import { Counter, Gauge, type Registry } from 'prom-client';
import type { FlowRing } from '#observer/flow-ring.ts';
import type { FlowSource } from './source.ts';

/** Kinds of one sort of event: the words are the code's own, some tens. */
type ByKind = Readonly<Record<string, number>>;

export function registerExporterMetrics(registry: Registry, ring: FlowRing, source: FlowSource): void {
  const registers = [registry];
  const counter = (name: string, help: string, read: () => ByKind) =>
    new Counter({
      name: `parallax_exporter_${name}_total`,
      help,
      labelNames: ['kind'],
      registers,
      collect() {
        this.reset();
        for (const [kind, count] of Object.entries(read())) this.inc({ kind }, count);
      },
    });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `parallax_exporter_${name}`,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  counter('seen', 'Packets seen and kernel records taken in', () => source.counters()?.seen ?? {});
  counter('lost', 'Records lost between kernel and exporter', () => source.counters()?.lost ?? {});
  counter('skipped', 'Packets and messages left out by rule', () => source.counters()?.skipped ?? {});
  counter('l7', 'Segments and messages of the L7 parsers', () => {
    const { connections: _, heldBytes: __, ...events } = source.l7Counters() ?? { connections: 0, heldBytes: 0 };
    return events;
  });
  gauge('l7_connections', 'Connections whose messages are read', () => source.l7Counters()?.connections ?? 0);
  gauge('l7_held_bytes', 'Bytes held for messages that are not whole or not answered', () => {
    return source.l7Counters()?.heldBytes ?? 0;
  });
  counter('service_addresses', "Records with a service's address, by whether the pod behind it is known", () => {
    const { known: _, ...outcomes } = source.translationCounters() ?? { known: 0 };
    return outcomes;
  });
  gauge(
    'service_connections',
    'Connections remembered for the pod that a service gave them',
    () => source.translationCounters()?.known ?? 0,
  );
  counter('tls', 'Plaintext read in TLS libraries, by what came of it', () => source.tlsCounters()?.totals ?? {});
  gauge('tls_processes', 'Processes whose TLS plaintext is read', () => source.tlsCounters()?.watched ?? 0);
  counter('flow_ring', 'Messages of the flow ring', () => ({ ...ring.counters }));
  gauge('flow_ring_used_bytes', 'Bytes of flows kept', () => ring.usedBytes);
  gauge('flow_ring_capacity_bytes', 'Bytes of flows that can be kept', () => ring.capacityBytes);
}
