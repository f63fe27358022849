// Flows as Prometheus counters under Hubble's names and labels (cilium pkg/hubble/metrics), so that its dashboards work.
// No addresses, names or paths are labels; words that a client makes up are "other", and each metric has a bound on its
// series besides (BoundedCounter), so that nobody on the network can grow this process or Prometheus.

import { Counter, Histogram, type Registry } from 'prom-client';
import { readFlowDetails } from '#flow/details.ts';
import { dropReasonName } from '#flow/names/drop-reason.ts';
import { verdictWord } from '#flow/names/verdict.ts';
import {
  type DNS,
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
import { BoundedCounter, FOLDED } from './bounded-counter.ts';
import type { CountedFlow } from './counted-flow.ts';
import { EVENT_DROP, EVENT_L7 } from './flow-parts.ts';
import { icmpTypeText } from './icmp-names.ts';

const METHODS = new Set('GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH'.split(' '));
const VERSIONS = new Set(['HTTP/1.0', 'HTTP/1.1', 'HTTP/2', 'HTTP/3']);
const QUERY_TYPES = new Set('A AAAA CNAME HTTPS MX NS PTR SOA SRV SVCB TXT ANY'.split(' '));
/** Of DNS answers, numbered by their response code (IANA "DNS RCODEs"), in Hubble's words. */
const RCODES: ReadonlyMap<number, string> = new Map([
  [0, 'No Error'],
  [1, 'Format Error'],
  [2, 'Server Failure'],
  [3, 'Non-Existent Domain'],
  [4, 'Not Implemented'],
  [5, 'Query Refused'],
  [6, 'Name Exists when it should not'],
  [7, 'RR Set Exists when it should not'],
  [8, 'RR Set that should exist does not'],
  [9, 'Not Authorized'],
  [10, 'Name not contained in zone'],
  [11, 'DSO-TYPE Not Implemented'],
  [16, 'Bad OPT Version'],
]);
/** Answers with more addresses count as this many. */
const MAX_ADDRESSES = 16;
const ANSWERED_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const LOST_SOURCES: ReadonlyMap<LostEventSource, string> = new Map([
  [LostEventSource.PERF_EVENT_RING_BUFFER, 'perf_event_ring_buffer'],
  [LostEventSource.OBSERVER_EVENTS_QUEUE, 'observer_events_queue'],
  [LostEventSource.HUBBLE_RING_BUFFER, 'hubble_ring_buffer'],
]);

/** Series of one metric. A node has tens of each; only ports can come near, where something scans them. */
const MAX_SERIES = 1000;

export interface FlowMetrics {
  /** A message of any kind. */
  note(response: GetFlowsResponse): void;
  noteFlow(flow: CountedFlow): void;
}

export function flowMetrics(registry: Registry): FlowMetrics {
  const counters: BoundedCounter[] = [];
  const counter = (name: string, help: string, labelNames: readonly string[]): BoundedCounter => {
    const made = new BoundedCounter(registry, { name, help, labelNames, maxSeries: MAX_SERIES });
    counters.push(made);
    return made;
  };
  const flows = counter('hubble_flows_processed_total', 'Flows by kind and verdict', [
    'protocol',
    'type',
    'subtype',
    'verdict',
  ]);
  const drops = counter('hubble_drop_total', 'Packets dropped', ['reason', 'protocol']);
  const ports = counter('hubble_port_distribution_total', 'Flows that were no replies, by destination port', [
    'protocol',
    'port',
  ]);
  const tcpFlags = counter('hubble_tcp_flags_total', 'TCP flags seen', ['flag', 'family']);
  const icmp = counter('hubble_icmp_total', 'ICMP messages', ['family', 'type']);
  const lost = counter('hubble_lost_events_total', 'Events lost before they became flows', ['source']);
  for (const source of LOST_SOURCES.values()) lost.series(source);
  const dnsLabels = ['rcode', 'qtypes', 'ips_returned'] as const;
  const dnsQueries = counter('hubble_dns_queries_total', 'DNS queries', dnsLabels);
  const dnsResponses = counter('hubble_dns_responses_total', 'DNS responses', dnsLabels);
  const dnsTypes = counter('hubble_dns_response_types_total', 'Kinds of records in DNS responses', ['type', 'qtypes']);
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
  new Counter({
    name: 'parallax_exporter_metric_series_folded_total',
    help: `Counts that went to the series "${FOLDED}", their metric having ${MAX_SERIES} series`,
    labelNames: ['metric'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { name, lookupsFolded } of counters) this.inc({ metric: name }, lookupsFolded);
    },
  });

  const noteHttp = (flow: CountedFlow, http: HTTP) => {
    if (flow.l7?.type !== L7FlowType.RESPONSE) return;
    const method = oneOf(METHODS, http.method);
    const reporter = reporterOf(flow);
    const status = http.code >= 100 && http.code < 600 ? String(http.code) : FOLDED;
    httpRequests.series(method, oneOf(VERSIONS, http.protocol), status, reporter).count += 1;
    if (flow.l7.latencyNs > 0n) httpSeconds.observe({ method, reporter }, Number(flow.l7.latencyNs) / 1e9);
  };
  const noteDns = (flow: CountedFlow, { rcode, qtypes, rrtypes, ips }: DNS) => {
    const asked = oneOf(QUERY_TYPES, qtypes[0] ?? '');
    const addresses = String(Math.min(ips.length, MAX_ADDRESSES));
    if (flow.l7?.type !== L7FlowType.RESPONSE) {
      dnsQueries.series('', asked, addresses).count += 1;
      return;
    }
    dnsResponses.series(RCODES.get(rcode) ?? FOLDED, asked, addresses).count += 1;
    for (const type of new Set(rrtypes.map((type) => oneOf(QUERY_TYPES, type))))
      dnsTypes.series(type, asked).count += 1;
  };
  const noteForwarded = (flow: CountedFlow, protocol: string) => {
    const l4 = flow.l4?.protocol;
    if (l4 === undefined) return;
    // Of a flow that may be a reply the port would be the client's own, a new one for each connection.
    if (flow.isReply === false) {
      const port = 'destinationPort' in l4.value ? l4.value.destinationPort : 0;
      ports.series(protocol, String(port)).count += 1;
    }
    if (l4.$case !== 'TCP') return;
    const family = flow.IP?.ipVersion === IPVersion.IPv6 ? 'IPv6' : 'IPv4';
    for (const flag of flagsOf(l4.value.flags)) tcpFlags.series(flag, family).count += 1;
  };
  const noteFlow = (flow: CountedFlow) => {
    const record = flow.l7?.record;
    const protocol = protocolOf(flow);
    const { type, subtype } = kindOf(flow);
    flows.series(protocol, type, subtype, verdictWord(flow.verdict).toUpperCase()).count += 1;
    if (flow.verdict === Verdict.DROPPED) {
      // One flow stands for all drops of its kind since the last one.
      const count = Number(readFlowDetails(flow)?.drop?.count ?? 1n);
      drops.series(dropReasonName(flow) ?? 'UNKNOWN', protocol).count += Math.max(1, count);
    } else if (flow.verdict === Verdict.FORWARDED || flow.verdict === Verdict.REDIRECTED) noteForwarded(flow, protocol);
    const l4 = flow.l4?.protocol;
    if (l4?.$case === 'ICMPv4') icmp.series('IPv4', icmpTypeText(4, l4.value.type, l4.value.code)).count += 1;
    if (l4?.$case === 'ICMPv6') icmp.series('IPv6', icmpTypeText(6, l4.value.type, l4.value.code)).count += 1;
    if (record?.$case === 'http') noteHttp(flow, record.value);
    if (record?.$case === 'dns') noteDns(flow, record.value);
  };
  return {
    noteFlow,
    note({ responseTypes: told }) {
      if (told?.$case === 'flow') noteFlow(told.value);
      if (told?.$case === 'lostEvents') {
        lost.series(LOST_SOURCES.get(told.value.source) ?? 'unknown').count += Number(told.value.numEventsLost);
      }
    },
  };
}

function kindOf(flow: CountedFlow): { type: string; subtype: string } {
  if (flow.eventType?.type === EVENT_L7) return { type: 'L7', subtype: l7Subtype(flow) };
  if (flow.eventType?.type === EVENT_DROP) return { type: 'Drop', subtype: '' };
  const leaves = flow.traceObservationPoint === TraceObservationPoint.FROM_ENDPOINT;
  return { type: 'Trace', subtype: leaves ? 'from-endpoint' : 'to-endpoint' };
}

function l7Subtype(flow: CountedFlow): string {
  const record = flow.l7?.record?.$case;
  return record === 'http' || record === 'dns' ? record.toUpperCase() : '';
}

function protocolOf(flow: CountedFlow): string {
  return flow.l4?.protocol?.$case ?? 'Unknown flow';
}

function reporterOf(flow: CountedFlow): string {
  if (flow.trafficDirection === TrafficDirection.INGRESS) return 'server';
  return flow.trafficDirection === TrafficDirection.EGRESS ? 'client' : 'unknown';
}

function flagsOf(flags: TCPFlags | undefined): readonly string[] {
  if (flags === undefined) return [];
  const { FIN, SYN, ACK, RST } = flags;
  return [...(FIN ? ['FIN'] : []), ...(SYN ? [ACK ? 'SYN-ACK' : 'SYN'] : []), ...(RST ? ['RST'] : [])];
}

function oneOf(known: ReadonlySet<string>, word: string): string {
  return known.has(word) ? word : FOLDED;
}
