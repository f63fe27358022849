// Flows as Prometheus counters under Hubble's names and labels (cilium pkg/hubble/metrics), so that its dashboards work.
// No addresses, names or paths are labels; words that a client makes up are "other", and each metric has a bound on its
// series besides (BoundedCounter), so that nobody on the network can grow this process or Prometheus.

import { Counter, type Registry } from 'prom-client';
import { verdictWord } from '#flow/names/verdict.ts';
import { PROTOCOL_TCP, REPLY_FALSE } from '#observer/columns.ts';
import {
  type DNS,
  type HTTP,
  IPVersion,
  L7FlowType,
  LostEventSource,
  TraceObservationPoint,
  TrafficDirection,
  Verdict,
} from '#proto/gen/flow/flow.ts';
import type { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { BoundedCounter, FOLDED } from './bounded-counter.ts';
import { ACK, type CountedFlow, countDraft, countedFlow, emptyCountedFlow, FIN, RST, SYN } from './counted-flow.ts';
import type { FlowDraft } from './encode/flow-draft.ts';
import { EVENT_DROP, EVENT_L7, PROTOCOL_ICMPV4, PROTOCOL_ICMPV6 } from './flow-parts.ts';
import { icmpTypeText } from './icmp-names.ts';
import { SecondsHistogram, type SecondsSeries } from './seconds-histogram.ts';

const METHODS = 'GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH'.split(' ');
const VERSIONS = ['HTTP/1.0', 'HTTP/1.1', 'HTTP/2', 'HTTP/3'];
const FLAGS = [
  [FIN, 'FIN'],
  [SYN, 'SYN'],
  [RST, 'RST'],
] as const;
/** By field number of flow.Layer4.protocol. */
const PROTOCOL_NAMES = [undefined, 'TCP', 'UDP', 'ICMPv4', 'ICMPv6', 'SCTP', 'VRRP', 'IGMP'];
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
  noteDraft(draft: FlowDraft): void;
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
  const httpSeconds = new SecondsHistogram(registry, {
    name: 'hubble_http_request_duration_seconds',
    help: 'From request to response',
    labelNames: ['method', 'reporter'],
    buckets: ANSWERED_SECONDS,
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

  /** By method and reporter, as numbers. */
  const httpSecondsBy = new Map<number, SecondsSeries>();
  const noteHttp = (flow: CountedFlow, { method, protocol, code }: HTTP) => {
    if (flow.l7Type !== L7FlowType.RESPONSE) return;
    const methodNumber = METHODS.indexOf(method) + 1;
    const version = VERSIONS.indexOf(protocol) + 1;
    const reporter = reporterOf(flow);
    const status = code >= 100 && code < 600 ? code : 0;
    const number = ((methodNumber * 8 + version) * 1024 + status) * REPORTERS.length + reporter;
    const labels = () => ({ method: METHODS[methodNumber - 1] ?? FOLDED, reporter: REPORTERS[reporter] ?? '' });
    httpRequests.numbered(number, () => {
      const { method, reporter } = labels();
      return [method, VERSIONS[version - 1] ?? FOLDED, status === 0 ? FOLDED : String(status), reporter];
    }).count += 1;
    if (flow.latencyNs <= 0) return;
    const secondsNumber = methodNumber * REPORTERS.length + reporter;
    let seconds = httpSecondsBy.get(secondsNumber);
    if (seconds === undefined) {
      seconds = httpSeconds.series(labels());
      httpSecondsBy.set(secondsNumber, seconds);
    }
    seconds.observe(flow.latencyNs / 1e9);
  };
  const noteDns = (flow: CountedFlow, { rcode, qtypes, rrtypes, ips }: DNS) => {
    const asked = oneOf(QUERY_TYPES, qtypes[0] ?? '');
    const addresses = String(Math.min(ips.length, MAX_ADDRESSES));
    if (flow.l7Type !== L7FlowType.RESPONSE) {
      dnsQueries.series('', asked, addresses).count += 1;
      return;
    }
    dnsResponses.series(RCODES.get(rcode) ?? FOLDED, asked, addresses).count += 1;
    for (const type of new Set(rrtypes.map((type) => oneOf(QUERY_TYPES, type))))
      dnsTypes.series(type, asked).count += 1;
  };
  const noteForwarded = (flow: CountedFlow) => {
    const { protocol, destinationPort, tcpFlags: flags, ipVersion } = flow;
    if (protocol === 0) return;
    // Of a flow that may be a reply the port would be the client's own, a new one for each connection.
    if (flow.isReply === REPLY_FALSE) {
      const labels = () => [protocolOf(flow), String(destinationPort)];
      ports.numbered(destinationPort * 8 + protocol, labels).count += 1;
    }
    if (protocol !== PROTOCOL_TCP || (flags & (FIN | SYN | RST)) === 0) return;
    const isIpv6 = ipVersion === IPVersion.IPv6;
    for (const [flag, name] of FLAGS) {
      if ((flags & flag) === 0) continue;
      const isAnswer = flag === SYN && (flags & ACK) !== 0;
      const number = (flag * 2 + (isAnswer ? 1 : 0)) * 2 + (isIpv6 ? 1 : 0);
      tcpFlags.numbered(number, () => [isAnswer ? 'SYN-ACK' : name, isIpv6 ? 'IPv6' : 'IPv4']).count += 1;
    }
  };
  const noteFlow = (flow: CountedFlow) => {
    const { protocol, verdict, http, dns } = flow;
    const kind = kindOf(flow);
    flows.numbered((verdict * KINDS.length + kind) * 8 + protocol, () => [
      protocolOf(flow),
      ...(KINDS[kind] ?? []),
      verdictWord(verdict as Verdict).toUpperCase(),
    ]).count += 1;
    if (verdict === Verdict.DROPPED) {
      drops.series(flow.dropReason || 'UNKNOWN', protocolOf(flow)).count += flow.drops;
    } else if (verdict === Verdict.FORWARDED || verdict === Verdict.REDIRECTED) noteForwarded(flow);
    if (protocol === PROTOCOL_ICMPV4) icmp.series('IPv4', icmpTypeText(4, flow.icmpType, flow.icmpCode)).count += 1;
    if (protocol === PROTOCOL_ICMPV6) icmp.series('IPv6', icmpTypeText(6, flow.icmpType, flow.icmpCode)).count += 1;
    if (http !== undefined) noteHttp(flow, http);
    if (dns !== undefined) noteDns(flow, dns);
  };
  const ofDraft = emptyCountedFlow();
  return {
    noteDraft(draft) {
      countDraft(draft, ofDraft);
      noteFlow(ofDraft);
    },
    note({ responseTypes: told }) {
      if (told?.$case === 'flow') noteFlow(countedFlow(told.value));
      if (told?.$case === 'lostEvents') {
        lost.series(LOST_SOURCES.get(told.value.source) ?? 'unknown').count += Number(told.value.numEventsLost);
      }
    },
  };
}

/** Type and subtype, as Hubble's labels have them. */
const KINDS = [
  ['Trace', 'to-endpoint'],
  ['Trace', 'from-endpoint'],
  ['Drop', ''],
  ['L7', ''],
  ['L7', 'HTTP'],
  ['L7', 'DNS'],
] as const;

/** Index into KINDS. */
function kindOf({ eventType, tracePoint, http, dns }: CountedFlow): number {
  if (eventType === EVENT_L7) return http !== undefined ? 4 : dns !== undefined ? 5 : 3;
  if (eventType === EVENT_DROP) return 2;
  return tracePoint === TraceObservationPoint.FROM_ENDPOINT ? 1 : 0;
}

function protocolOf({ protocol }: CountedFlow): string {
  return PROTOCOL_NAMES[protocol] ?? 'Unknown flow';
}

const REPORTERS = ['unknown', 'server', 'client'];

/** Index into REPORTERS. */
function reporterOf({ direction }: CountedFlow): number {
  if (direction === TrafficDirection.INGRESS) return 1;
  return direction === TrafficDirection.EGRESS ? 2 : 0;
}

function oneOf(known: ReadonlySet<string>, word: string): string {
  return known.has(word) ? word : FOLDED;
}
