// An L7 event in the words of the wire: flow.Layer7 where Hubble has a record for it (HTTP, DNS), parallax.v1 for the rest.
// gRPC is both: an HTTP/2 record, and an operation with the call's own status.
import { L7FlowType, type Layer7 } from '#proto/gen/flow/flow.ts';
import type { Operation, TlsHello } from '#proto/gen/parallax/v1/flow_details.ts';
import { grpcStatusName } from './grpc.ts';
import type { HttpMessage, L7Event, L7Message } from './l7-event.ts';

export interface Layer7Parts {
  /** Undefined for a handshake, which is no request: such a flow stays an L4 flow with `tls`. */
  readonly layer7: Layer7 | undefined;
  readonly operation: Operation | undefined;
  readonly tls: TlsHello | undefined;
  readonly requestNumber: bigint;
  readonly joinedMidway: boolean;
  /** For Flow.trace_context; empty if there is none. */
  readonly traceId: string;
}

export function toLayer7(event: L7Event): Layer7Parts {
  const common = { requestNumber: BigInt(event.requestNumber), joinedMidway: event.joinedMidway };
  if (event.kind === 'handshake') {
    const { serverName, alpn, version, cipherSuite } = event.message;
    const tls = { serverName, alpn: [...alpn], version, cipherSuite };
    return { layer7: undefined, operation: undefined, tls, traceId: '', ...common };
  }
  const layer7: Layer7 = {
    type: event.kind === 'request' ? L7FlowType.REQUEST : L7FlowType.RESPONSE,
    latencyNs: event.kind === 'response' ? (event.latencyNs ?? 0n) : 0n,
    record: toRecord(event.message),
  };
  const traceId = event.message.protocol === 'http' ? event.message.traceId : '';
  return { layer7, operation: toOperation(event.message, event.kind), tls: undefined, traceId, ...common };
}

function toRecord(message: L7Message): Layer7['record'] {
  switch (message.protocol) {
    case 'http': {
      const { code, method, url, version, headers } = message;
      return {
        $case: 'http',
        value: { code, method, url, protocol: version, headers },
      };
    }
    case 'dns':
      return {
        $case: 'dns',
        value: {
          query: message.query,
          ips: [...message.addresses],
          ttl: message.ttlSeconds,
          cnames: [...message.cnames],
          observationSource: 'packets',
          rcode: message.rcode,
          qtypes: message.queryType === '' ? [] : [message.queryType],
          rrtypes: [...message.answerTypes],
        },
      };
    case 'redis':
    case 'postgresql':
      return undefined;
  }
}

function toOperation(message: L7Message, kind: 'request' | 'response'): Operation | undefined {
  switch (message.protocol) {
    case 'http':
      return message.grpc && grpcOperation(message.grpc, kind);
    case 'dns':
      return undefined;
    case 'redis':
    case 'postgresql': {
      const { protocol, name, status, error, detail } = message;
      return { protocol, name, status, error, detail };
    }
  }
}

function grpcOperation(grpc: NonNullable<HttpMessage['grpc']>, kind: 'request' | 'response'): Operation {
  const { method, status } = grpc;
  const word = status === undefined ? 'unknown' : grpcStatusName(status);
  return {
    protocol: 'grpc',
    name: method,
    status: kind === 'request' ? '' : word,
    error: status !== undefined && status !== 0,
    detail: '',
  };
}
