import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Flow, L7FlowType } from '#proto/gen/flow/flow.ts';
import { FlowDetails } from '#proto/gen/parallax/v1/flow_details.ts';
import type { L7Event } from './l7-event.ts';
import { toLayer7 } from './to-layer7.ts';

const common = { connection: 1, timeNs: 5n, fromInitiator: false, requestNumber: 7, joinedMidway: false };

test('an HTTP response carries method, url and code as Hubble has them, and survives the wire', () => {
  const event: L7Event = {
    ...common,
    kind: 'response',
    latencyNs: 3_000_000n,
    message: {
      protocol: 'http',
      version: 'HTTP/1.1',
      method: 'GET',
      url: 'http://shop/a',
      code: 200,
      headers: [{ key: 'server', value: 'nginx' }],
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      grpc: undefined,
    },
  };
  const parts = toLayer7(event);
  assert.equal(parts.layer7?.type, L7FlowType.RESPONSE);
  assert.equal(parts.requestNumber, 7n);
  assert.equal(parts.operation, undefined);
  assert.equal(parts.traceId, '4bf92f3577b34da6a3ce929d0e0e4736');
  const decoded = Flow.decode(Flow.encode(Flow.fromPartial({ l7: parts.layer7 })).finish());
  assert.ok(decoded.l7?.record?.$case === 'http');
  assert.equal(decoded.l7.latencyNs, 3_000_000n);
  assert.equal(decoded.l7.record.value.protocol, 'HTTP/1.1');
  assert.deepEqual(
    decoded.l7.record.value.headers.map(({ key, value }) => [key, value]),
    [['server', 'nginx']],
  );
});

test('an operation has a Layer7 without record for its type and latency, and its own message', () => {
  const message = { protocol: 'redis', name: 'GET', detail: '?', status: 'WRONGTYPE', error: true } as const;
  const parts = toLayer7({ ...common, kind: 'response', latencyNs: 9n, message });
  assert.equal(parts.layer7?.record, undefined);
  assert.equal(parts.layer7?.latencyNs, 9n);
  assert.deepEqual(parts.operation, message);
});

test('a handshake has no Layer7 but a hello', () => {
  const message = {
    protocol: 'tls',
    hello: 'client',
    serverName: 'shop.example.org',
    alpn: ['h2'],
    version: 'TLS 1.3',
    cipherSuite: '',
    complete: true,
  } as const;
  const parts = toLayer7({ ...common, requestNumber: 0, kind: 'handshake', latencyNs: undefined, message });
  assert.equal(parts.layer7, undefined);
  const decoded = FlowDetails.decode(FlowDetails.encode(FlowDetails.fromPartial({ tls: parts.tls })).finish());
  assert.equal(decoded.tls?.serverName, 'shop.example.org');
  assert.deepEqual(decoded.tls?.alpn, ['h2']);
});
