// One phrase that says what a flow carried: "TCP Flags: SYN", "HTTP/1.1 GET /cart", "DNS Query shop.svc. A".

import type { DNS, Flow, HTTP, Kafka, TCPFlags } from '#proto/gen/flow/flow.ts';
import { L7FlowType } from '#proto/gen/flow/flow.ts';
import type { Operation } from '#proto/gen/parallax/v1/flow_details.ts';
import { readFlowDetails } from '../details.ts';

/** The deprecated Flow.Summary where a peer still fills it, else the same phrase made from the fields. */
export function flowSummary(flow: Flow): string {
  return flow.Summary || l7Summary(flow) || l4Summary(flow);
}

/** '' for a flow without layer 7. */
export function l7Summary(flow: Pick<Flow, 'l7' | 'extensions'>): string {
  const { l7 } = flow;
  const isResponse = l7?.type === L7FlowType.RESPONSE;
  switch (l7?.record?.$case) {
    case 'http':
      return httpSummary(l7.record.value, isResponse, Number(l7.latencyNs));
    case 'dns':
      return dnsSummary(l7.record.value, isResponse);
    case 'kafka':
      return kafkaSummary(l7.record.value, isResponse);
    default:
      return operationSummary(readFlowDetails(flow)?.operation);
  }
}

function httpSummary(http: HTTP, isResponse: boolean, latencyNs: number): string {
  const { protocol, method, url } = http;
  const code = http.code === 0 ? '' : String(http.code);
  const request = protocol === '' || code === '' ? protocol + code : `${protocol} ${code}`;
  if (isResponse) return `${request} ${Math.round(latencyNs / 1e6)}ms (${method} ${url})`;
  if (request !== '' && method !== '' && url !== '') return `${request} ${method} ${url}`;
  return [request, method, url].filter(Boolean).join(' ');
}

function dnsSummary(dns: DNS, isResponse: boolean): string {
  const types = dns.qtypes.join(',');
  if (!isResponse) return `DNS Query ${dns.query} ${types}`.trimEnd();
  const answers = [
    ...(dns.ips.length > 0 ? [JSON.stringify(dns.ips.join(','))] : []),
    ...(dns.cnames.length > 0 ? [`CNAMEs: ${JSON.stringify(dns.cnames.join(','))}`] : []),
  ].join(' ');
  const outcome = dns.rcode === 0 ? `TTL: ${dns.ttl}` : `RCode: ${dnsCodes[dns.rcode] ?? dns.rcode}`;
  return `DNS Answer ${answers === '' ? outcome : `${answers} ${outcome}`} (${dns.query} ${types})`;
}

/** RFC 1035, section 4.1.1, and RFC 2136 for 6 to 10. Index: rcode. */
const dnsCodes = [
  'No Error',
  'Format Error',
  'Server Failure',
  'Non-Existent Domain',
  'Not Implemented',
  'Query Refused',
  'Name Exists',
  'RR Set Exists',
  'RR Set Missing',
  'Not Authorised',
  'Not In Zone',
];

function kafkaSummary(kafka: Kafka, isResponse: boolean): string {
  const topic = kafka.topic === '' ? '' : ` topic ${kafka.topic}`;
  const outcome = isResponse ? ` ${kafka.errorCode}` : '';
  return `Kafka ${isResponse ? 'response' : 'request'} ${kafka.apiKey}${topic}${outcome}`;
}

/** Protocols without a record of their own: "redis GET OK". */
export function operationSummary(operation: Operation | undefined): string {
  return operation === undefined
    ? ''
    : [operation.protocol, operation.name, operation.status].filter(Boolean).join(' ');
}

function l4Summary({ l4 }: Pick<Flow, 'l4'>): string {
  const protocol = l4?.protocol;
  switch (protocol?.$case) {
    case 'TCP': {
      const flags = protocol.value.flags === undefined ? '' : tcpFlagsText(protocol.value.flags);
      return flags === '' ? 'TCP' : `TCP Flags: ${flags}`;
    }
    case 'ICMPv4':
    case 'ICMPv6':
      return `${protocol.$case} type ${protocol.value.type} code ${protocol.value.code}`;
    default:
      return protocol?.$case ?? '';
  }
}

/** "SYN, ACK", in the order of the CLI: the opening flags first. */
export function tcpFlagsText(flags: TCPFlags): string {
  const order = ['SYN', 'FIN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR', 'NS'] as const;
  return order.filter((flag) => flags[flag]).join(', ');
}
