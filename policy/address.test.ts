import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { contains, parseAddress, parsePrefix } from './address.ts';

test('a prefix holds an address exactly when ipaddr.js says so', () => {
  const address = fc.oneof(fc.ipV4(), fc.ipV6());
  fc.assert(
    fc.property(address, address, fc.nat(128), (left, right, length) => {
      const other = ipaddr.process(right);
      const base = ipaddr.process(left);
      const bits = base.kind() === 'ipv4' ? length % 33 : length;
      const prefix = parsePrefix(`${base.toString()}/${bits}`);
      const parsed = parseAddress(right);
      assert.ok(prefix && parsed);
      const expected = base.kind() === other.kind() && (other as ipaddr.IPv6).match(base as ipaddr.IPv6, bits);
      assert.equal(contains(prefix, parsed), expected);
      assert.equal(contains(prefix, prefix.base), true);
    }),
  );
});

test('what is no address or prefix is refused', () => {
  for (const text of ['', '10.0.0', '10.0.0.256', '010.1', '1', 'fe80::1%eth0', 'host', '::g'])
    assert.equal(parseAddress(text), undefined, text);
  for (const text of ['10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/8/8', '10.0.0.0/', '::/129', '/8', '10.0.0.0/1e1'])
    assert.equal(parsePrefix(text), undefined, text);
  assert.equal(parseAddress('::ffff:10.0.0.1')?.text, '10.0.0.1');
});
