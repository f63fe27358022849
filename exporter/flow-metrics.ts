// Flows as Prometheus counters under Hubble's names and labels (cilium pkg/hubble/metrics), so that its dashboards work.
// Labels are folded to known words ("other" beyond), which bounds the series: HTTP, the widest, has 10 methods x 5
// versions x 501 statuses x 3 reporters at the very most, and a node sees a few dozen. No addresses, names or paths.

import { Counter, Histogram, type Registry } from 'prom-client';
import { readFlowDetails } from '#flow/details.ts';
import { dropReasonName } from '#flow/names/drop-reason.ts';
import { verdictWord } from '#flow/names/verdict.ts';
import {
  type DNS,
  type Flow,
  type HTTP,
  IPVersion,
  L7FlowType,
  LostEventSource,
  type TCPFlags,
  TraceObservationPoint,
  TrafficDirection,
  Verdict,
} from '#proto/gen/flow/flow.ts';
import type { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { EVENT_DROP, EVENT_L7 } from './flow-parts.ts';

const METHODS = new Set('GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH'.split(' '));
const VERSIONS = new Set(['HTTP/1.0', 'HTTP/1.1', 'HTTP/2', 'HTTP/3']);
const QUERY_TYPES = new Set('A AAAA CNAME HTTPS MX NS PTR SOA SRV SVCB TXT ANY'.split(' '));
/** Answers with more addresses count as this many. */
const MAX_ADDRESSES = 16;
const ANSWERED_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface FlowMetrics {
  note(response: GetFlowsResponse): void;
}

export function flowMetrics(registry: Registry): FlowMetrics {
  const counter = <T extends string>(name: string, help: string, labelNames: T[]): Counter<T> =>
    new Counter({ name, help, labelNames, registers: [registry] });
  const flows = counter('hubble_flows_processed_total', 'Flows by kind and verdict', [
    'protocol',
    'type',
    'subtype',
    'verdict',
  ]);
  const drops = counter('hubble_drop_total', 'Packets dropped', ['reason', 'protocol']);
  const tcpFlags = counter('hubble_tcp_flags_total', 'TCP flags seen', ['flag', 'family']);
  const icmp = counter('hubble_icmp_total', 'ICMP messages', ['family', 'type']);
  const lost = counter('hubble_lost_events_total', 'Events lost before they became flows', ['source']);
  const dnsLabels = ['rcode', 'qtypes', 'ips_returned'] as const;
  const dnsQueries = counter('hubble_dns_queries_total', 'DNS queries', [...dnsLabels]);
  const dnsResponses = counter('hubble_dns_responses_total', 'DNS responses', [...dnsLabels]);
  const httpRequests = counter('hubble_http_requests_total', 'HTTP requests that were answered', [
    'method',
    'protocol',
    'status',
    'reporter',
  ]);
  const httpSeconds = new Histogram({
    name: 'hubble_http_request_duration_seconds',
    help: 'From request to response',
    labelNames: ['method', 'reporter'],
    buckets: ANSWERED_SECONDS,
    registers: [registry],
  });

  const noteHttp = (flow: Flow, http: HTTP) => {
    if (flow.l7?.type !== L7FlowType.RESPONSE) return;
    const method = oneOf(METHODS, http.method);
    const reporter = reporterOf(flow);
    const status = http.code >= 100 && http.code < 600 ? String(http.code) : 'other';
    httpRequests.inc({ method, protocol: oneOf(VERSIONS, http.protocol), status, reporter });
    if (flow.l7.latencyNs > 0n) httpSeconds.observe({ method, reporter }, Number(flow.l7.latencyNs) / 1e9);
  };
  const noteFlow = (flow: Flow) => {
    const record = flow.l7?.record;
    const protocol = protocolOf(flow);
    flows.inc({ protocol, ...kindOf(flow), verdict: verdictWord(flow.verdict).toUpperCase() });
    if (flow.verdict === Verdict.DROPPED) {
      // One flow stands for all drops of its kind since the last one.
      const count = Number(readFlowDetails(flow)?.drop?.count ?? 1n);
      drops.inc({ reason: dropReasonName(flow) ?? 'UNKNOWN', protocol }, Math.max(1, count));
    }
    const family = flow.IP?.ipVersion === IPVersion.IPv6 ? 'IPv6' : 'IPv4';
    const l4 = flow.l4?.protocol;
    if (l4?.$case === 'TCP') {
      const flag = flagOf(l4.value.flags);
      if (flag !== undefined) tcpFlags.inc({ flag, family });
    } else if (l4?.$case === 'ICMPv4' || l4?.$case === 'ICMPv6') icmp.inc({ family, type: String(l4.value.type) });
    if (record?.$case === 'http') noteHttp(flow, record.value);
    if (record?.$case === 'dns') {
      const answered = flow.l7?.type === L7FlowType.RESPONSE;
      (answered ? dnsResponses : dnsQueries).inc(dnsLabelsOf(record.value));
    }
  };
  return {
    note({ responseTypes: told }) {
      if (told?.$case === 'flow') noteFlow(told.value);
      if (told?.$case === 'lostEvents') {
        lost.inc({ source: lostSource(told.value.source) }, Number(told.value.numEventsLost));
      }
    },
  };
}

function kindOf(flow: Flow): { type: string; subtype: string } {
  if (flow.eventType?.type === EVENT_L7) return { type: 'L7', subtype: l7Subtype(flow) };
  if (flow.eventType?.type === EVENT_DROP) return { type: 'Drop', subtype: '' };
  const leaves = flow.traceObservationPoint === TraceObservationPoint.FROM_ENDPOINT;
  return { type: 'Trace', subtype: leaves ? 'from-endpoint' : 'to-endpoint' };
}

/** Only the kernel's ring loses events here. */
function lostSource(source: LostEventSource): string {
  return source === LostEventSource.PERF_EVENT_RING_BUFFER ? 'perf_event_ring_buffer' : 'unknown';
}

function l7Subtype(flow: Flow): string {
  const record = flow.l7?.record?.$case;
  return record === 'http' || record === 'dns' ? record.toUpperCase() : '';
}

function protocolOf(flow: Flow): string {
  return flow.l4?.protocol?.$case ?? 'Unknown flow';
}

function reporterOf(flow: Flow): string {
  if (flow.trafficDirection === TrafficDirection.INGRESS) return 'server';
  return flow.trafficDirection === TrafficDirection.EGRESS ? 'client' : 'unknown';
}

function flagOf(flags: TCPFlags | undefined): string | undefined {
  if (flags?.SYN === true) return flags.ACK ? 'SYN-ACK' : 'SYN';
  if (flags?.FIN === true) return 'FIN';
  return flags?.RST === true ? 'RST' : undefined;
}

function dnsLabelsOf({ rcode, qtypes, ips }: DNS) {
  const types = qtypes.map((type) => oneOf(QUERY_TYPES, type));
  return {
    rcode: rcode < 16 ? String(rcode) : 'other',
    qtypes: types.slice(0, 1).join(','),
    ips_returned: String(Math.min(ips.length, MAX_ADDRESSES)),
  };
}

function oneOf(known: ReadonlySet<string>, word: string): string {
  return known.has(word) ? word : 'other';
}
