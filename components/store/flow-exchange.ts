// What was said in a flow, in the words of its protocol: method, request, status and how it ended.

import type { Flow, HTTP, TCPFlags } from '#proto/gen/flow/flow.ts';
import type { FlowDetails, Operation } from '#proto/gen/parallax/v1/flow_details.ts';
import type { Outcome } from './flow-row.ts';

export interface Exchange {
  readonly method: string;
  readonly request: string;
  readonly status: string;
  readonly outcome: Outcome;
}

const dnsResponseCodes: Readonly<Record<number, string>> = {
  0: 'NOERROR',
  1: 'FORMERR',
  2: 'SERVFAIL',
  3: 'NXDOMAIN',
  4: 'NOTIMP',
  5: 'REFUSED',
};

export function exchangeOf(flow: Flow, details: FlowDetails | undefined): Exchange {
  const record = flow.l7?.record;
  const isResponse = flow.l7?.type === 2;
  const operation = details?.operation;
  if (operation && record?.$case === 'http') return grpcExchange(record.value, operation, isResponse);
  if (operation) return operationExchange(operation, isResponse);
  switch (record?.$case) {
    case 'http':
      return httpExchange(record.value);
    case 'dns': {
      const { query, qtypes, rcode } = record.value;
      const request = `${qtypes.join(',') || 'A'} ${query.replace(/\.$/, '')}`;
      if (!isResponse) return { method: 'DNS', request, status: '', outcome: 'pending' };
      const status = dnsResponseCodes[rcode] ?? `RCODE ${rcode}`;
      return { method: 'DNS', request, status: rcode === 0 ? '' : status, outcome: dnsOutcome(rcode) };
    }
    case 'kafka': {
      const { apiKey, topic, errorCode } = record.value;
      const status = errorCode === 0 ? '' : `error ${errorCode}`;
      return { method: 'KAFKA', request: `${apiKey} ${topic}`.trim(), status, outcome: errorCode ? 'server' : 'ok' };
    }
    default:
      return transportExchange(flow, details);
  }
}

function operationExchange({ protocol, name, detail, status, error }: Operation, isResponse: boolean): Exchange {
  // A statement begins with its own verb, in whichever case it was written.
  const text = detail.toLowerCase().startsWith(name.toLowerCase()) ? detail : `${name} ${detail}`.trim();
  return {
    method: protocolName(protocol),
    request: text.replace(/^\//, ''),
    status: saidStatus(status),
    outcome: error ? 'server' : isResponse || status !== '' ? 'ok' : 'pending',
  };
}

/** gRPC is told twice: its call as the HTTP request it is, its status as an operation that may have no name. */
function grpcExchange(http: HTTP, operation: Operation, isResponse: boolean): Exchange {
  const said = operationExchange(operation, isResponse);
  return { ...said, request: said.request || pathOf(http.url).replace(/^\//, '') };
}

/** Empty for what says nothing to the reader: success, and a status that could not be read in a stream joined midway. */
function saidStatus(status: string): string {
  return ['ok', 'unknown'].includes(status.toLowerCase()) ? '' : status;
}

function httpExchange(http: HTTP): Exchange {
  const isGrpc = http.headers.some(
    (h) => h.key.toLowerCase() === 'content-type' && h.value.startsWith('application/grpc'),
  );
  const path = pathOf(http.url);
  return {
    method: isGrpc ? 'gRPC' : http.method || 'HTTP',
    request: isGrpc ? path.replace(/^\//, '') : path,
    status: http.code === 0 || (isGrpc && http.code === 200) ? '' : String(http.code),
    outcome: http.code === 0 ? 'pending' : http.code >= 500 ? 'server' : http.code >= 400 ? 'client' : 'ok',
  };
}

function dnsOutcome(rcode: number): Outcome {
  return rcode === 0 ? 'ok' : rcode === 3 ? 'client' : 'server';
}

function transportExchange(flow: Flow, details: FlowDetails | undefined): Exchange {
  const protocol = flow.l4?.protocol;
  const failure = details?.tcp?.connectError ?? '';
  const outcome: Outcome = failure === '' ? 'none' : 'server';
  const tls = details?.tls;
  if (tls) return { method: 'TLS', request: tls.serverName || tls.version, status: failure, outcome };
  const method = protocol === undefined ? 'IP' : protocol.$case.replace(/v[46]$/, '');
  const flags = protocol?.$case === 'TCP' ? protocol.value.flags : undefined;
  const request = [connectionWord(details, flags), flagNames(flags)].filter(Boolean).join(' · ');
  return { method, request, status: failure, outcome };
}

/** What happened to the connection: what the exporter says, else what the flags say; '' for a packet within it. */
function connectionWord(details: FlowDetails | undefined, flags: TCPFlags | undefined): string {
  if (flags?.RST === true) return 'reset';
  const told = ['', 'opened', '', 'open', 'closed', 'idle', '', ''][details?.reason ?? 0] ?? '';
  if (told !== '') return told;
  if (flags?.FIN === true) return 'closing';
  if (flags?.SYN === true) return flags.ACK ? 'accepted' : 'opening';
  return '';
}

function flagNames(flags: TCPFlags | undefined): string {
  if (flags === undefined) return '';
  const names = ['SYN', 'FIN', 'RST', 'PSH', 'ACK', 'URG'] as const;
  return names.filter((name) => flags[name]).join(', ');
}

function pathOf(url: string): string {
  const afterHost = /^[a-z]+:\/\/[^/?#]*(.*)$/is.exec(url)?.[1];
  return afterHost === undefined ? url : afterHost || '/';
}

function protocolName(protocol: string): string {
  const known: Readonly<Record<string, string>> = { grpc: 'gRPC', postgresql: 'PGSQL', postgres: 'PGSQL' };
  return known[protocol.toLowerCase()] ?? protocol.toUpperCase();
}
