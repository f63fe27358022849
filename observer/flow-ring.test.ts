import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import fc from 'fast-check';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { generateFlows } from '../bench/flows/generate.ts';
import { FlowRing } from './flow-ring.ts';
import { unframe } from './frame.ts';
import { MessageTooLargeError } from './message-too-large.ts';
import { ResponseScanner } from './scan-response.ts';
import { ScannedResponse } from './scanned-response.ts';
import { MalformedMessageError } from './wire-reader.ts';

/** A valid response of about `size` bytes that says its number. */
function message(number: number, size: number): Uint8Array {
  return GetFlowsResponse.encode(
    GetFlowsResponse.fromPartial({ nodeName: 'n'.repeat(size), time: { seconds: BigInt(number), nanos: 0 } }),
  ).finish();
}

const smallRing = () =>
  new FlowRing({ capacityBytes: 4096, slots: 16, endpointIds: 16, endpointKeyBytes: 16_384, nodeIds: 16 });

test('the ring always holds the newest messages whole, as many as fit, under their sequence numbers', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(900), { maxLength: 120 }), (sizes) => {
      const ring = smallRing();
      const all = sizes.map((size, i) => message(i, size));
      for (const [i, bytes] of all.entries()) assert.equal(ring.append(bytes), i);
      assert.equal(ring.next, all.length);
      for (let sequence = ring.oldest; sequence < ring.next; sequence++) {
        assert.deepEqual(Buffer.from(ring.messageAt(sequence)), Buffer.from(all[sequence] ?? []));
        assert.equal(ring.columns.timeSeconds[ring.slotOf(sequence)], sequence);
      }
      const held = all.slice(ring.oldest);
      assert.ok(held.length <= 16 && ring.usedBytes <= 4096);
      // Nothing left too early: half the slab, or all slots, are always in use once anything has left.
      if (ring.oldest > 0) assert.ok(held.length === 16 || ring.usedBytes > 2048 - 1000);
    }),
    { numRuns: 300 },
  );
});

test('frames of any range are copied as gRPC would send them, also round the end of the slab', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(600), { minLength: 20, maxLength: 60 }), fc.nat(), fc.nat(), (sizes, a, b) => {
      const ring = smallRing();
      const all = sizes.map((size, i) => message(i, size));
      for (const bytes of all) ring.append(bytes);
      const count = ring.next - ring.oldest;
      const [from, to] = [ring.oldest + (a % (count + 1)), ring.oldest + (b % (count + 1))].sort((x, y) => x - y) as [
        number,
        number,
      ];
      const target = new Uint8Array(8192);
      const end = ring.copyFrames(from, to, target, 3);
      const copied = [...unframe(target.subarray(3, end))].map((bytes) => Buffer.from(bytes).toString('hex'));
      assert.deepEqual(
        copied,
        all.slice(from, to).map((bytes) => Buffer.from(bytes).toString('hex')),
      );
    }),
    { numRuns: 200 },
  );
});

test('a malformed or oversized message is refused and counted, and the ring goes on', () => {
  const ring = smallRing();
  ring.append(message(1, 10));
  assert.throws(() => ring.append(Uint8Array.of(0x0a, 0x05, 1)), MalformedMessageError);
  assert.throws(() => ring.append(message(2, 2000)), MessageTooLargeError);
  assert.equal(ring.append(message(3, 10)), 1);
  assert.deepEqual(ring.counters, { appended: 2, flows: 0, overwritten: 0, malformed: 1, tooLarge: 1 });
});

test('a message can be appended from the middle of a chunk', () => {
  const ring = new FlowRing({ capacityBytes: 1 << 20 });
  const [flow] = generateFlows({ count: 1, endpoints: 100 });
  assert.ok(flow);
  const chunk = Buffer.concat([Buffer.alloc(13, 0xee), flow, Buffer.alloc(7, 0xee)]);
  const sequence = ring.append(chunk, 13, 13 + flow.length);
  assert.deepEqual(Buffer.from(ring.messageAt(sequence)), Buffer.from(flow));
  const decoded = GetFlowsResponse.decode(flow).responseTypes;
  assert.ok(decoded?.$case === 'flow');
  assert.deepEqual(ring.endpoints.describe(ring.columns.sourceId[ring.slotOf(sequence)] ?? 0), {
    ip: decoded.value.IP?.source,
    endpoint: decoded.value.source,
    names: decoded.value.sourceNames,
    service: decoded.value.sourceService,
  });
});

test('a flow whose columns and ids the caller knows is kept as one that was scanned', () => {
  const scanned = new FlowRing({ capacityBytes: 1 << 20 });
  const known = new FlowRing({ capacityBytes: 1 << 20 });
  const scanner = new ResponseScanner();
  for (const flow of generateFlows({ count: 100, endpoints: 20 })) {
    const { columns } = scanned;
    const slot = scanned.slotOf(scanned.append(flow));
    // Both rings saw the same ends in the same order, so that their ids are the same.
    known.append(flow);
    const ids = {
      source: columns.sourceId[slot] ?? 0,
      destination: columns.destinationId[slot] ?? 0,
      node: columns.nodeId[slot] ?? 0,
    };
    const chunk = Buffer.concat([Buffer.alloc(3), flow]);
    known.appendKnown(chunk, 3, chunk.length, scanner.scan(chunk, 3, chunk.length), ids);
  }
  for (let i = 0; i < 100; i++) {
    assert.deepEqual(Buffer.from(known.messageAt(2 * i + 1)), Buffer.from(scanned.messageAt(i)));
    for (const [name, column] of Object.entries(scanned.columns)) {
      if (name === 'offset' || typeof column !== 'object') continue;
      const ours: unknown = Reflect.get(known.columns, name);
      assert.ok(ArrayBuffer.isView(ours) && !(ours instanceof DataView));
      assert.equal(Reflect.get(ours, 2 * i + 1), column[i], name);
    }
  }
  assert.equal(known.counters.flows, 200);
  const small = smallRing();
  const ids = { source: 0, destination: 0, node: 0 };
  assert.throws(
    () => small.appendKnown(new Uint8Array(2000), 0, 2000, new ScannedResponse(), ids),
    MessageTooLargeError,
  );
  assert.equal(small.counters.tooLarge, 1);
});

test('asking for a message that has left says so', () => {
  const ring = smallRing();
  for (let i = 0; i < 40; i++) ring.append(message(i, 10));
  assert.equal(ring.oldest, 24);
  assert.throws(() => ring.messageAt(23), /no message 23: the ring holds 24 up to 40/);
});

test('many appends wake a listener once, and one that has left is not called', (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  const ring = smallRing();
  let stays = 0;
  let leaves = 0;
  ring.onAppend(() => stays++);
  ring.onAppend(() => leaves++)();
  for (let i = 0; i < 10; i++) ring.append(message(i, 10));
  mock.timers.tick(5);
  assert.deepEqual([stays, leaves], [1, 0]);
});

test('a stream of ever new endpoints passes through a ring whose memory stays what its constants say', () => {
  const ring = new FlowRing({ capacityBytes: 1 << 20, endpointIds: 1024, endpointKeyBytes: 1 << 18 });
  const [template] = generateFlows({ count: 1, endpoints: 2 });
  assert.ok(template);
  const ipAt = Buffer.from(template).indexOf('10.128.0.');
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 150_000; i++) {
    // Nine bytes of the address, rewritten in place: a new endpoint each time.
    for (let digit = 0; digit < 7; digit++) template[ipAt + 8 - digit] = 48 + (Math.floor(i / 10 ** digit) % 10);
    ring.append(template);
  }
  assert.equal(ring.next, 150_000);
  assert.ok(ring.endpoints.rotations > 100);
  assert.ok(ring.endpoints.size <= 2 * 1024);
  assert.ok(process.memoryUsage().arrayBuffers - before < 1 << 20, 'no array was allocated on the way');
});
