// A flow as it was recorded, as the connection that policy decides about: a reply belongs to whoever asked, and the port is
// that of the side that was asked.

import { readFlowDetails } from '#flow/details.ts';
import type { Flow } from '#proto/gen/flow/flow.ts';
import { FlowReason } from '#proto/gen/parallax/v1/flow_details.ts';
import { type Doubt, doubtsOf } from './doubt.ts';
import type { L7Request } from './l7-rules.ts';
import { knownEnd, type ObservedFlow } from './observed-end.ts';
import type { FlowVerdict, PolicySet } from './policy-set.ts';

export interface JudgedFlow extends ObservedFlow {
  readonly verdict: FlowVerdict;
  /** What the verdict rests on and is not known; empty: it is certain. */
  readonly doubts: readonly Doubt[];
  /** It shows that the connection got through: an answer, or a request, which an opened connection alone carries. */
  readonly showsPassage: boolean;
}

/** Undefined where the flow is not of IP, or of a protocol that policies do not know. */
export function observedFlow(set: PolicySet, flow: Flow): ObservedFlow | undefined {
  const isReply = flow.isReply === true;
  const transport = transportOf(flow, isReply);
  if (transport === undefined || flow.IP === undefined) return undefined;
  const source = { endpoint: flow.source, address: flow.IP.source, names: flow.sourceNames };
  const destination = { endpoint: flow.destination, address: flow.IP.destination, names: flow.destinationNames };
  const [from, to] = isReply ? [destination, source] : [source, destination];
  const [opener, target] = [knownEnd(set.parties, from), knownEnd(set.parties, to)];
  if (opener === undefined || target === undefined) return undefined;
  const request = requestOf(flow);
  const { protocol } = transport;
  const port = target.targetPort?.(protocol, transport.port) ?? transport.port;
  return {
    flow: {
      source: opener.party,
      destination: target.party,
      protocol,
      port,
      ...(request === undefined ? {} : { request }),
    },
    source: opener,
    destination: target,
  };
}

/** Undefined where policy has nothing to say: see observedFlow; or neither end is a pod. */
export function judgeFlow(set: PolicySet, flow: Flow): JudgedFlow | undefined {
  const observed = observedFlow(set, flow);
  if (observed === undefined) return undefined;
  const verdict = set.evaluate(observed.flow);
  const doubts = doubtsOf(set, observed, verdict);
  if (verdict.egress === undefined && verdict.ingress === undefined && doubts.length === 0) return undefined;
  return { ...observed, verdict, doubts, showsPassage: showsPassage(flow) };
}

/**
 * Packets are captured before a firewall in the pod's own namespace sees them, so a packet on its way to the pod proves
 * nothing; a reset may be the firewall's own answer. A source that reports decisions, not packets, is taken at its word.
 */
function showsPassage(flow: Flow): boolean {
  const details = readFlowDetails(flow);
  // Of a flow that another source told, the details hold what a relay added, and no reason for the report.
  if (details === undefined || details.reason === FlowReason.FLOW_REASON_UNKNOWN) return true;
  const protocol = flow.l4?.protocol;
  if (protocol?.$case === 'TCP' && protocol.value.flags?.RST === true) return false;
  return flow.isReply === true || flow.l7 !== undefined || (details.responder?.packets ?? 0n) > 0n;
}

function transportOf(flow: Flow, isReply: boolean): { protocol: string; port: number } | undefined {
  const protocol = flow.l4?.protocol;
  switch (protocol?.$case) {
    case 'TCP':
    case 'UDP':
    case 'SCTP':
      return { protocol: protocol.$case, port: isReply ? protocol.value.sourcePort : protocol.value.destinationPort };
    case 'ICMPv4':
      // An echo reply is let in by the connection that the request (type 8, in ICMPv6 128) opened.
      return { protocol: 'ICMP', port: isReply && protocol.value.type === 0 ? 8 : protocol.value.type };
    case 'ICMPv6':
      return { protocol: 'ICMPv6', port: isReply && protocol.value.type === 129 ? 128 : protocol.value.type };
    default:
      return undefined;
  }
}

function requestOf(flow: Flow): L7Request | undefined {
  const record = flow.l7?.record;
  if (record?.$case === 'dns') return record.value.query === '' ? undefined : { dnsQuery: record.value.query };
  if (record?.$case !== 'http' || record.value.method === '') return undefined;
  const { method, url, headers } = record.value;
  const fields = new Map(headers.map(({ key, value }) => [key.toLowerCase(), value]));
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  return {
    http: {
      method,
      path: parsed === undefined ? url : `${parsed.pathname}${parsed.search}`,
      host: parsed?.host ?? fields.get('host') ?? fields.get(':authority') ?? '',
      headers: fields,
    },
  };
}
