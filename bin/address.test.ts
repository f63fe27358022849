import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAddress, parseListenAddress } from './address.ts';

test('addresses to listen on are host and port, IPv6 in brackets, and an empty host means all', () => {
  assert.deepEqual(parseListenAddress('127.0.0.1:4245'), { host: '127.0.0.1', port: 4245 });
  assert.deepEqual(parseListenAddress('[::1]:0'), { host: '::1', port: 0 });
  assert.deepEqual(parseListenAddress(':4245'), { host: '0.0.0.0', port: 4245 });
  assert.equal(formatAddress({ host: '::1', port: 80 }), '[::1]:80');
});

test('anything else is refused with the text and the form', () => {
  for (const text of ['', '4245', 'host', 'host:', '::1:80', 'host:65536', 'host:1e3'])
    assert.throws(() => parseListenAddress(text), /is no HOST:PORT/);
});
