// The kernel's drop reasons in Hubble's words, where one fits. Where none does the reason stays unknown there, and
// FlowDetails.drop.reason has the kernel's own name.

import { DropReason } from '#proto/gen/flow/flow.ts';

/**
 * A packet filter of the host decided: netfilter, tc, XDP or a socket filter. That is a policy at work, whoever wrote it,
 * and the only Hubble word that says so; the relay compares it with the policies it knows.
 */
const FILTERED = [
  'NETFILTER_DROP',
  'NETFILTER_INGRESS',
  'BPF_CGROUP_EGRESS',
  'SOCKET_FILTER',
  'TC_INGRESS',
  'TC_EGRESS',
  'XDP',
];
const INVALID = [
  'PKT_TOO_SMALL',
  'PKT_TOO_BIG',
  'HDR_TRUNC',
  'IP_INHDR',
  'TCP_INVALID_SEQUENCE',
  'TCP_INVALID_SYN',
  'INVALID_PROTO',
  'DEV_HDR',
];

const reasons: ReadonlyMap<string, DropReason> = new Map<string, DropReason>([
  ...FILTERED.map((name) => [name, DropReason.POLICY_DENIED] as const),
  ...INVALID.map((name) => [name, DropReason.INVALID_PACKET_DROPPED] as const),
  ['IP_CSUM', DropReason.ERROR_WHILE_CORRECTING_L3_CHECKSUM],
  ['TCP_CSUM', DropReason.ERROR_WHILE_CORRECTING_L4_CHECKSUM],
  ['UDP_CSUM', DropReason.ERROR_WHILE_CORRECTING_L4_CHECKSUM],
  ['ICMP_CSUM', DropReason.ERROR_WHILE_CORRECTING_L4_CHECKSUM],
  ['IP_NOPROTO', DropReason.UNKNOWN_L4_PROTOCOL],
  ['IP_OUTNOROUTES', DropReason.FIB_LOOKUP_FAILED],
  ['IP_INNOROUTES', DropReason.FIB_LOOKUP_FAILED],
  ['IP_RPFILTER', DropReason.INVALID_SOURCE_IP],
  ['IP_INVALID_SOURCE', DropReason.INVALID_SOURCE_IP],
  ['IP_LOCAL_SOURCE', DropReason.INVALID_SOURCE_IP],
  ['NEIGH_FAILED', DropReason.STALE_OR_UNROUTABLE_IP],
  ['NEIGH_DEAD', DropReason.STALE_OR_UNROUTABLE_IP],
  ['QDISC_DROP', DropReason.DROP_RATE_LIMITED],
  ['NO_SOCKET', DropReason.SOCKET_LOOKUP_FAILED],
  ['INVALID_TTL', DropReason.TTL_EXCEEDED],
]);

/** Where forwarding drops for a used-up TTL, it says "bad header"; so does all else that finds one. */
const FORWARDING: ReadonlySet<string> = new Set(['ip_forward', 'ip6_forward']);

/** `name` without prefix, as the kernel's type information has it; `symbol` the function that dropped, '' if unknown. */
export function hubbleDropReason(name: string, symbol: string): DropReason {
  if (name === 'IP_INHDR' && FORWARDING.has(symbol)) return DropReason.TTL_EXCEEDED;
  return reasons.get(name) ?? DropReason.DROP_REASON_UNKNOWN;
}
