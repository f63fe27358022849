// The gateway where nginx is not installed: passes a request on and its answer back.
import { Agent, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { serviceName } from '../plan.ts';
import type { WorkloadKey } from '../topology.ts';
import type { PodConfiguration } from './messages.ts';

export type Forward = (request: IncomingMessage, response: ServerResponse) => void;

/** Passes on to port 8080 of the workload, its pods by turns; 502 when none answers. */
export function forwarder(to: WorkloadKey, configuration: PodConfiguration): Forward {
  const name = serviceName(to);
  const hosts = configuration.addresses[name] ?? [];
  const agent = new Agent({ keepAlive: true });
  let turn = 0;
  return (request, response) => {
    const { method, url: path, headers } = request;
    const host = hosts[turn++ % hosts.length];
    const upstream = httpRequest({ host, port: 8080, method, path, agent, headers: { ...headers, host: name } });
    upstream.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    upstream.on('error', () => response.writeHead(502).end());
    request.pipe(upstream);
  };
}
