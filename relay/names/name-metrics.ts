// Prometheus metrics of names and of the watches they come from. Figures are read when they are asked for.

import { Counter, Gauge, type Registry } from 'prom-client';
import type { ClusterWatch } from '#kubernetes/cluster-watch.ts';
import type { ClusterNames } from './cluster-names.ts';

export function registerNameMetrics(registry: Registry, names: ClusterNames, watch: ClusterWatch): void {
  const registers = [registry];
  new Counter({
    name: 'parallax_relay_named_flows_total',
    help: 'Flows by what naming their ends came to',
    labelNames: ['outcome'],
    registers,
    collect() {
      this.reset();
      const { filled, complete, unknown, failed } = names.counters();
      for (const [outcome, count] of Object.entries({ filled, complete, unknown, failed }))
        this.inc({ outcome }, count);
    },
  });
  new Gauge({
    name: 'parallax_kubernetes_objects',
    help: 'Objects known of the Kubernetes API',
    labelNames: ['resource'],
    registers,
    collect() {
      for (const [resource, { objects }] of watch.counters()) this.set({ resource }, objects);
    },
  });
  for (const what of ['events', 'lists', 'relists', 'failures', 'refused'] as const) {
    new Counter({
      name: `parallax_kubernetes_${what}_total`,
      help: helps[what],
      labelNames: ['resource'],
      registers,
      collect() {
        this.reset();
        for (const [resource, counters] of watch.counters()) this.inc({ resource }, counters[what]);
      },
    });
  }
}

const helps = {
  events: 'Events of watches of the Kubernetes API',
  lists: 'Lists asked of the Kubernetes API',
  relists: 'Lists asked of the Kubernetes API again because a version was too old',
  failures: 'Failed requests to the Kubernetes API',
  refused: 'Objects of the Kubernetes API left out: too large, or unreadable',
};
