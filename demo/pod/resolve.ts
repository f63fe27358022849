// Where an edge's target is: asked of the cluster's DNS as any pod would, and counted like every other query.

import { serviceName } from '../plan.ts';
import type { Edge } from '../topology.ts';
import type { PodCounts } from './counts.ts';
import { queryName } from './dns.ts';
import type { PodConfiguration } from './messages.ts';

/** An address of the edge's service, in the edge's family. Rejects when the name has none. */
export async function resolveTarget(edge: Edge, configuration: PodConfiguration, counts: PodCounts): Promise<string> {
  const name = serviceName(edge.to);
  if (edge.protocol === 'dns' && configuration.nameserver !== null) return configuration.nameserver;
  const wantsIpv6 = edge.family === 'IPv6';
  const addresses =
    configuration.nameserver === null
      ? (configuration.addresses[name] ?? []).filter((address) => address.includes(':') === wantsIpv6)
      : await lookUp(
          configuration.nameserver,
          name,
          wantsIpv6 ? 'AAAA' : 'A',
          counts.edge(edge.from, 'kube-system/coredns', 'dns', 53),
        );
  const [address] = addresses;
  if (address === undefined) throw new Error(`${name} has no ${wantsIpv6 ? 'IPv6' : 'IPv4'} address`);
  return address;
}

async function lookUp(
  nameserver: string,
  name: string,
  type: 'A' | 'AAAA',
  counts: ReturnType<PodCounts['edge']>,
): Promise<string[]> {
  counts.sent();
  try {
    const [status, addresses] = await queryName(nameserver, name, type);
    counts.answered(status);
    return addresses;
  } catch (error) {
    counts.unanswered();
    throw error;
  }
}
