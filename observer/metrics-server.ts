// Prometheus metrics of a process over HTTP, in both of Prometheus' text forms. Whoever reaches the port may ask, so
// connections are bounded; figures are read when they are asked for.

import { createServer, type ServerResponse } from 'node:http';
import {
  Counter,
  collectDefaultMetrics,
  type Metric,
  type OpenMetricsContentType,
  type PrometheusContentType,
  Registry,
} from 'prom-client';

/** Connections open at once; a Prometheus server needs one, and two ask where it runs twice. Others are closed, counted. */
const MAX_CONNECTIONS = 32;

export interface MetricsServer {
  /** That was bound. */
  readonly port: number;
  stop(): Promise<void>;
}

/** A registry that has the figures of this process itself already: CPU, memory, event loop, collector. */
export function processRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  // Sums of gauges that are there by type too, and named as only counters may be.
  for (const what of ['handles', 'requests', 'resources']) registry.removeSingleMetric(`nodejs_active_${what}_total`);
  return registry;
}

/** Serves the registry on /metrics; metrics registered later are served too. Throws where the address is taken. */
export async function serveMetrics(
  registry: Registry,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<MetricsServer> {
  const refused = new Counter({
    name: 'parallax_metrics_connections_refused_total',
    help: `Connections to this port closed at once, ${MAX_CONNECTIONS} being open`,
    registers: [registry],
  });
  const server = createServer((request, response) => {
    if (request.url?.split('?', 1)[0] !== '/metrics') {
      response.writeHead(404).end('metrics are at /metrics\n');
      return;
    }
    const asksOpenMetrics = request.headers.accept?.includes('application/openmetrics-text') === true;
    void answer(response, asksOpenMetrics ? openMetricsOf(registry) : registry);
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.on('drop', () => refused.inc());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new Error(`cannot serve metrics on ${host}:${port}: ${cause.message}`, { cause })),
    );
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  response: ServerResponse,
  registry: Registry<PrometheusContentType> | Registry<OpenMetricsContentType>,
): Promise<void> {
  try {
    const text = await registry.metrics();
    response.writeHead(200, { 'content-type': registry.contentType }).end(text);
  } catch (error) {
    response.writeHead(500).end(`the metrics could not be read: ${String(error)}\n`);
  }
}

/**
 * The same metrics for OpenMetrics, where a counter's name goes without "_total". The library renames a counter for good
 * when it writes that form, so it is given views of them.
 */
function openMetricsOf(registry: Registry): Registry<OpenMetricsContentType> {
  const open = new Registry<OpenMetricsContentType>();
  open.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  for (const metric of registry.getMetricsAsArray()) {
    // Not in the declarations of the library: every metric has its name and type, and `get`.
    const { name, type } = metric as unknown as { readonly name: string; readonly type: string };
    const openName = type === 'counter' ? name.replace(/_total$/, '') : name;
    const view: Metric = Object.create(metric, {
      name: { value: openName, writable: true },
      get: { value: async () => ({ ...(await registry.getSingleMetric(name)?.get()), name: openName }) },
      getForPromString: { value: undefined },
    });
    open.registerMetric(view);
  }
  return open;
}
