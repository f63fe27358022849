// What to call one end of a flow, on the map and in a line of text.

import type { Flow } from '#proto/gen/flow/flow.ts';
import type { Side } from '../filter/clause.ts';
import { reservedIdentityWord } from './identity.ts';

/** One end of a flow with all that names it. */
export interface FlowEnd {
  readonly namespace: string;
  readonly podName: string;
  /** First workload, '' if none. */
  readonly workload: string;
  readonly workloadKind: string;
  readonly service: string;
  readonly dnsNames: readonly string[];
  /** Word of a reserved identity, '' for others. */
  readonly reserved: string;
  readonly identity: number;
  readonly address: string;
}

export function endOfFlow(flow: Flow, side: Side): FlowEnd {
  const endpoint = flow[side];
  const service = side === 'source' ? flow.sourceService : flow.destinationService;
  const identity = endpoint?.identity ?? 0;
  return {
    namespace: endpoint?.namespace || service?.namespace || '',
    podName: endpoint?.podName ?? '',
    workload: endpoint?.workloads[0]?.name ?? '',
    workloadKind: endpoint?.workloads[0]?.kind ?? '',
    service: service?.name ?? '',
    dnsNames: side === 'source' ? flow.sourceNames : flow.destinationNames,
    reserved: identity === 0 ? '' : (reservedIdentityWord(identity) ?? ''),
    identity,
    address: flow.IP?.[side] ?? '',
  };
}

/**
 * Name of the group an end belongs to: "ns/workload", else "ns/pod", "ns/service", a DNS name, the word of a reserved
 * identity, the address, and at last "unknown".
 */
export function endName(end: FlowEnd): string {
  const name = end.workload || end.podName || end.service;
  if (name !== '') return end.namespace === '' ? name : `${end.namespace}/${name}`;
  return end.dnsNames[0] ?? (end.reserved || end.address || 'unknown');
}
