import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addressBytes } from './addresses.ts';
import { ConnectionIds, connectionId } from './connection-ids.ts';

/** Few ends, so that they meet again; the last two differ in their second half alone. */
const end = fc.record(
  {
    address: fc.constantFrom('10.0.0.1', '10.0.0.2', '255.0.0.1', '2001:db8::1', '2001:db8::2', '2001:db8::2:1'),
    port: fc.constantFrom(0, 80, 255, 256, 40_000, 65_535),
  },
  { noNullPrototype: true },
);

test('a connection has one id and the ends it was asked for, whichever end comes first and however often', () => {
  const ids = new ConnectionIds();
  fc.assert(
    fc.property(end, end, fc.constantFrom(['TCP', 6] as const, ['UDP', 17] as const), (one, other, [name, number]) => {
      const view = new DataView(new ArrayBuffer(40));
      [one, other].forEach(({ address }, index) => {
        new Uint8Array(view.buffer).set(addressBytes(address), 8 + 16 * index);
      });
      const there = ids.find(view, 8, one.port, 24, other.port, number, name);
      assert.deepEqual(ids.isTurned ? [...there.ends].reverse() : there.ends, [one, other]);
      assert.equal(there.id, connectionId(name, one, other));
      const back = ids.find(view, 24, other.port, 8, one.port, number, name);
      assert.equal(back, there);
    }),
    { numRuns: 2000 },
  );
});

test('at its bound the cache starts anew, and ids stay what they are', () => {
  const ids = new ConnectionIds();
  const view = new DataView(new ArrayBuffer(32));
  const find = (number: number) => {
    view.setUint32(12, number);
    return ids.find(view, 0, 1, 16, 2, 6, 'TCP');
  };
  const first = find(0);
  for (let number = 1; number <= 65_536; number++) find(number);
  assert.notEqual(find(0), first);
  assert.deepEqual(find(0).id, first.id);
});
