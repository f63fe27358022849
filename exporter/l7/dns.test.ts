import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { test } from 'node:test';
import fc from 'fast-check';
import { ipv6Text, parseDns } from './dns.ts';
import type { L7Segment } from './l7-event.ts';
import { toLayer7 } from './to-layer7.ts';
import { L7Tracker } from './tracker.ts';

const name = (text: string) =>
  Buffer.concat([
    ...text.split('.').map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label)])),
    Buffer.of(0),
  ]);

/** Answers of a name server: the question again, then CNAME web -> edge and an address of edge, with compression. */
function answer(query: Buffer, rcode: number): Buffer {
  const reply = Buffer.from(query);
  reply.writeUInt16BE(0x8180 | rcode, 2);
  reply.writeUInt16BE(rcode === 0 ? 2 : 0, 6);
  reply.writeUInt16BE(0, 10);
  const questionEnd = 12 + query.subarray(12).indexOf(0) + 5;
  const edge = Buffer.concat([Buffer.of(4), Buffer.from('edge'), Buffer.of(0xc0, 12 + 4)]);
  const cname = Buffer.concat([Buffer.of(0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 90, 0, edge.length), edge]);
  const isV6 = query[questionEnd - 3] === 28;
  const address = isV6 ? Buffer.from('20010db8000000000000000000000005', 'hex') : Buffer.of(192, 0, 2, 7);
  const edgeAt = questionEnd + 12;
  const type = isV6 ? 28 : 1;
  const record = Buffer.concat([Buffer.of(0xc0, edgeAt, 0, type, 0, 1, 0, 0, 0, 30, 0, address.length), address]);
  const questionPart = reply.subarray(0, questionEnd);
  return rcode === 0 ? Buffer.concat([questionPart, cname, record]) : questionPart;
}

test("a real resolver's queries and their answers are paired, with addresses, aliases and the lowest TTL", async () => {
  const segments: L7Segment[] = [];
  const record = (payload: Uint8Array, fromInitiator: boolean, connection: number) => {
    const common = {
      connection,
      fromInitiator,
      timeNs: process.hrtime.bigint(),
      hint: 'dns',
      transport: 'udp',
    } as const;
    segments.push({ ...common, sequence: 0, payloadLength: payload.length, data: new Uint8Array(payload) });
  };
  const server = createSocket('udp4');
  server.on('message', (query, peer) => {
    record(query, true, peer.port);
    const reply = answer(query, query.includes('nope') ? 3 : 0);
    record(reply, false, peer.port);
    server.send(reply, peer.port, peer.address);
  });
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
  const resolver = new Resolver({ tries: 1 });
  resolver.setServers([`127.0.0.1:${server.address().port}`]);
  assert.deepEqual(await resolver.resolve4('web.example.org'), ['192.0.2.7']);
  assert.deepEqual(await resolver.resolve6('web.example.org'), ['2001:db8::5']);
  await assert.rejects(resolver.resolve4('nope.example.org'));
  server.close();

  const tracker = new L7Tracker();
  const events = segments.flatMap((segment) => tracker.feed(segment));
  assert.deepEqual(
    events.map((event) => event.kind),
    ['request', 'response', 'request', 'response', 'request', 'response'],
  );
  const [, v4, , v6, , refused] = events.map((event) => toLayer7(event).layer7?.record);
  assert.ok(v4?.$case === 'dns' && v6?.$case === 'dns' && refused?.$case === 'dns');
  assert.equal(v4.value.query, 'web.example.org.');
  assert.deepEqual(v4.value.ips, ['192.0.2.7']);
  assert.deepEqual(v4.value.cnames, ['edge.example.org.']);
  assert.deepEqual(v4.value.rrtypes, ['CNAME', 'A']);
  assert.equal(v4.value.ttl, 30);
  assert.deepEqual(v6.value.ips, ['2001:db8::5']);
  assert.deepEqual(v6.value.qtypes, ['AAAA']);
  assert.equal(refused.value.rcode, 3);
});

test('a compression pointer that does not lead backwards is refused', () => {
  const head = Buffer.from('123481800001000000000000', 'hex');
  // The last one leads to a good name, but forwards.
  const forward = Buffer.concat([Buffer.of(0xc0, 18, 0, 1, 0, 1), name('a.b')]);
  for (const loop of [
    forward,
    Buffer.of(0xc0, 12),
    Buffer.of(1, 0x61, 0xc0, 14),
    Buffer.of(0xc0, 200),
    Buffer.of(0xc0),
  ]) {
    assert.equal(parseDns(Buffer.concat([head, loop, Buffer.of(0, 1, 0, 1)])), undefined);
  }
});

test('a query sent again before the answer is one request, its latency counted from the first', () => {
  const query = Buffer.concat([Buffer.from('123401000001000000000000', 'hex'), name('a.b.c'), Buffer.of(0, 1, 0, 1)]);
  const tracker = new L7Tracker();
  const feed = (data: Uint8Array, fromInitiator: boolean, timeNs: bigint) =>
    tracker.feed({
      connection: 1,
      fromInitiator,
      timeNs,
      sequence: 0,
      payloadLength: data.length,
      data,
      hint: 'dns',
      transport: 'udp',
    });
  assert.equal(feed(query, true, 0n).length, 1);
  assert.equal(feed(query, true, 5n).length, 0);
  const [response] = feed(answer(query, 3), false, 7n);
  assert.ok(response?.kind === 'response');
  assert.equal(response.latencyNs, 7n);
  assert.equal(tracker.counters().dnsRetries, 1);
});

test('IPv6 addresses are written as RFC 5952 says', () => {
  const text = (hex: string) => ipv6Text(Buffer.from(hex, 'hex'));
  assert.equal(text('00000000000000000000000000000001'), '::1');
  assert.equal(text('20010db8000000010000000000000001'), '2001:db8:0:1::1');
  assert.equal(text('20010db8000100010001000100010000'), '2001:db8:1:1:1:1:1:0');
  assert.equal(text('fe800000000000000000000000000000'), 'fe80::');
});

test('arbitrary bytes never throw, and answers stay bounded', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (data) => {
      const dns = parseDns(data);
      assert.ok((dns?.answers.length ?? 0) <= 256);
    }),
    { numRuns: 500 },
  );
});
