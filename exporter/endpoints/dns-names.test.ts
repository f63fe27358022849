import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DnsNames } from './dns-names.ts';

test('a client knows an address by the names it asked for, the latest first; other clients do not', () => {
  const names = new DnsNames();
  names.learn('10.0.0.1', 'old.example.org.', ['192.0.2.1'], 60, 0);
  names.learn('10.0.0.1', 'new.example.org.', ['192.0.2.1', '192.0.2.2'], 60, 1000);
  assert.deepEqual(names.namesOf('10.0.0.1', '192.0.2.1', 2000), ['new.example.org', 'old.example.org']);
  assert.deepEqual(names.namesOf('10.0.0.2', '192.0.2.1', 2000), []);
});

test('a name outlives its TTL by the grace and is then forgotten', () => {
  const names = new DnsNames();
  names.learn('c', 'a.b', ['192.0.2.1'], 60, 0);
  assert.deepEqual(names.namesOf('c', '192.0.2.1', 60_000 + 600_000), ['a.b']);
  assert.deepEqual(names.namesOf('c', '192.0.2.1', 60_000 + 600_001), []);
  assert.equal(names.counters().pairs, 0);
});

test('beyond the bound the pair not used for longest goes, and is counted', () => {
  const names = new DnsNames(2);
  names.learn('c', 'one', ['192.0.2.1'], 60, 0);
  names.learn('c', 'two', ['192.0.2.2'], 60, 0);
  names.namesOf('c', '192.0.2.1', 0);
  names.learn('c', 'three', ['192.0.2.3'], 60, 0);
  assert.deepEqual(names.namesOf('c', '192.0.2.2', 0), []);
  assert.deepEqual(names.namesOf('c', '192.0.2.1', 0), ['one']);
  assert.equal(names.counters().evicted, 1);
});

test('an address shared by many names keeps the latest few', () => {
  const names = new DnsNames();
  for (let i = 0; i < 50; i++) names.learn('c', `n${i}.cdn`, ['192.0.2.1'], 60, 0);
  assert.deepEqual(names.namesOf('c', '192.0.2.1', 0), ['n49.cdn', 'n48.cdn', 'n47.cdn', 'n46.cdn']);
});
