// All that this exporter counts for Prometheus, as one. Loaded where metrics are served, and not before the first flow
// where they are not.

import type { FlowRing } from '#observer/flow-ring.ts';
import { GrpcMetrics } from '#observer/grpc-metrics.ts';
import { type MetricsServer, processRegistry, serveMetrics } from '#observer/metrics-server.ts';
import { type FlowMetrics, flowMetrics } from './flow-metrics.ts';
import { registerExporterMetrics } from './metrics.ts';
import type { FlowSource } from './source.ts';

export class ExporterMetrics {
  readonly #registry = processRegistry();
  readonly calls = new GrpcMetrics();
  readonly flows: FlowMetrics = flowMetrics(this.#registry);

  /** Resolves when it listens. */
  async serve(address: { host: string; port: number }, ring: FlowRing, source: FlowSource): Promise<MetricsServer> {
    this.calls.register(this.#registry);
    registerExporterMetrics(this.#registry, ring, source);
    return serveMetrics(this.#registry, address);
  }
}
