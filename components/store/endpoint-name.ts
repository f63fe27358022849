// What a flow's end is called in a row: the same name the map gives its vertex.

import type { Endpoint } from '#proto/gen/flow/flow.ts';
import type { RowEndpoint } from './flow-row.ts';

export function rowEndpoint(
  endpoint: Endpoint | undefined,
  dnsNames: readonly string[],
  ip: string,
  port: number,
  process: string,
): RowEndpoint {
  return {
    cluster: endpoint?.clusterName ?? '',
    namespace: endpoint?.namespace ?? '',
    name: endpointName(endpoint, dnsNames, ip),
    pod: endpoint?.podName ?? '',
    ip,
    port,
    process,
  };
}

function endpointName(endpoint: Endpoint | undefined, dnsNames: readonly string[], ip: string): string {
  const workload = endpoint?.workloads[0]?.name;
  if (workload) return workload;
  if (endpoint?.podName) return endpoint.podName;
  if (dnsNames[0]) return dnsNames[0];
  const reserved = endpoint?.labels.find((label) => label.startsWith('reserved:'))?.slice('reserved:'.length);
  if (reserved && (reserved !== 'world' || ip === '')) return reserved;
  return ip || reserved || 'unknown';
}
