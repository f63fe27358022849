// Entries as a mesh of 300 services and 3,000 pods would log them, encoded by protobufjs: the same for the same number.

import { messageType } from './envoy.ts';

/** Envoy's buffer of 16 KB holds some so many. */
export const entriesPerMessage = 25;
const services = 300;
const pods = 3000;

const type = messageType();

/** The first message of a stream: which proxy it is. */
export function openingMessage(proxy: number): Uint8Array {
  const node = { id: `sidecar~10.1.0.${proxy}~gateway-${proxy}.edge~edge.svc.cluster.local`, cluster: 'edge' };
  return type.encode(type.fromObject({ identifier: { node, logName: 'http' } })).finish();
}

/** One message of entries; 1 in 97 fails with 503 and UF, 1 in 31 with 404. */
export function logMessage(seed: number): Uint8Array {
  const logEntry = Array.from({ length: entriesPerMessage }, (_, index) => entryOf(seed * entriesPerMessage + index));
  return type.encode(type.fromObject({ httpLogs: { logEntry } })).finish();
}

function entryOf(number: number) {
  const service = (number * 7919) % services;
  const pod = (number * 104_729) % pods;
  const client = (number * 1_299_709) % pods;
  const ip = (index: number, block: number) => `10.${block}.${index >> 8}.${index & 255}`;
  const address = (host: string, portValue: number) => ({ socketAddress: { address: host, portValue } });
  const status = number % 97 === 0 ? 503 : number % 31 === 0 ? 404 : 200;
  const took = 1_000_000 + ((number * 48_271) % 200_000_000);
  return {
    commonProperties: {
      startTime: { seconds: Math.floor(Date.now() / 1000), nanos: (number * 1000) % 1_000_000_000 },
      downstreamDirectRemoteAddress: address(ip(client, 1), 30_000 + (number % 30_000)),
      downstreamRemoteAddress: address(ip(client, 1), 30_000 + (number % 30_000)),
      downstreamLocalAddress: address(ip(service, 96), 80),
      upstreamLocalAddress: address(ip(client, 1), 20_000 + (number % 10_000)),
      upstreamRemoteAddress: address(ip(pod, 2), 8080),
      upstreamCluster: `outbound|80||service-${service}.shop.svc.cluster.local`,
      routeName: `route-${number % 5}`,
      timeToLastRxByte: { nanos: 50_000 },
      timeToFirstUpstreamTxByte: { nanos: 300_000 },
      timeToLastUpstreamTxByte: { nanos: 320_000 },
      timeToFirstUpstreamRxByte: { nanos: took - 200_000 },
      timeToLastUpstreamRxByte: { nanos: took - 100_000 },
      timeToLastDownstreamTxByte: { nanos: took },
      duration: { nanos: took },
      streamId: `7f3c1a52-${number.toString(16).padStart(12, '0')}`,
      ...(status === 503 ? { responseFlags: { upstreamConnectionFailure: true } } : {}),
    },
    protocolVersion: 2,
    request: {
      requestMethod: number % 4 === 0 ? 3 : 1,
      scheme: 'http',
      authority: `service-${service}.shop`,
      path: `/api/v1/items/${number % 5000}?page=${number % 10}`,
      userAgent: 'okhttp/4.12.0',
      requestId: `0d9b8a7c-${number.toString(16).padStart(12, '0')}`,
    },
    response: {
      responseCode: { value: status },
      responseBodyBytes: 500 + (number % 4000),
      responseCodeDetails: 'via_upstream',
    },
  };
}
