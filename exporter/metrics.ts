// Prometheus metrics of an exporter over HTTP: what was seen, lost and skipped, hop by hop, read when asked; and flows under
// Hubble's names, counted as they come.

import { createServer } from 'node:http';
import { Gauge, type Registry } from 'prom-client';
import type { FlowRing } from '#observer/flow-ring.ts';
import type { FlowSource } from './source.ts';

export interface MetricsServer {
  stop(): Promise<void>;
}

/** @param listen "host:port"  @param registry with the flows' metrics already */
export async function serveMetrics(
  listen: string,
  registry: Registry,
  ring: FlowRing,
  source: FlowSource,
): Promise<MetricsServer> {
  addExporterMetrics(registry, ring, source);
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') {
      response.writeHead(404).end('metrics are at /metrics\n');
      return;
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  const split = listen.lastIndexOf(':');
  const host = listen.slice(0, split).replace(/^\[|\]$/g, '');
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new Error(`cannot serve metrics on ${listen}: ${cause.message}`, { cause })),
    );
    server.listen(Number(listen.slice(split + 1)), host, resolve);
  });
  return {
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function addExporterMetrics(registry: Registry, ring: FlowRing, source: FlowSource): void {
  const add = (name: string, help: string, read: () => Readonly<Record<string, number>>) => {
    const gauge: Gauge<'kind'> = new Gauge({
      name,
      help,
      labelNames: ['kind'],
      registers: [registry],
      collect: () => {
        for (const [kind, value] of Object.entries(read())) gauge.set({ kind }, value);
      },
    });
  };
  add(
    'parallax_exporter_seen',
    'Packets seen and kernel records taken in since start, by kind',
    () => source.counters()?.seen ?? {},
  );
  add(
    'parallax_exporter_lost',
    'Records lost between kernel and exporter since start, by kind',
    () => source.counters()?.lost ?? {},
  );
  add(
    'parallax_exporter_skipped',
    'Packets and messages left out by rule since start, by kind',
    () => source.counters()?.skipped ?? {},
  );
  add('parallax_exporter_l7', 'Segments and messages of the L7 parsers since start, by kind', () => ({
    ...source.l7Counters(),
  }));
  add(
    'parallax_exporter_service_addresses',
    "Records of services' addresses by outcome since start, and connections",
    () => ({
      ...source.translationCounters(),
    }),
  );
  add('parallax_exporter_flow_ring', 'Messages of the flow ring since start, and bytes in use', () => ({
    ...ring.counters,
    used_bytes: ring.usedBytes,
    capacity_bytes: ring.capacityBytes,
  }));
}
