import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLogFilter, withLogTerm } from './log-filter-text.ts';

test('keys, quoted values and free words are told apart', () => {
  const { filter, errors } = parseLogFilter('service:shop/web status:5xx flag:any slower:1.5s path:"/a b" refund card');
  assert.deepEqual(errors, []);
  assert.deepEqual(filter.service, ['shop/web']);
  assert.deepEqual(filter.status, ['5xx']);
  assert.deepEqual(filter.responseFlag, ['any']);
  assert.deepEqual(filter.path, ['/a b']);
  assert.equal(filter.minDurationUs, 1_500_000n);
  assert.equal(filter.text, 'refund card');
});

test('what cannot be understood is told with what could be written instead', () => {
  const { filter, errors } = parseLogFilter('status:6xx slower:fast show:some method:');
  assert.equal(errors.length, 4);
  assert.match(errors.join(' '), /status:5xx.*slower:200ms.*show:all/);
  assert.deepEqual(filter.status, []);
});

test('a hundred thousand characters are refused in words, not searched for', () => {
  const { filter, errors } = parseLogFilter('x'.repeat(100_000));
  assert.equal(filter.text.length, 4096);
  assert.match(errors[0] ?? '', /100000 characters/);
});

test('a term is added once, and quoted where it has to be', () => {
  const once = withLogTerm('refund', 'path', '/a b');
  assert.equal(once, 'refund path:"/a b"');
  assert.equal(withLogTerm(once, 'path', '/a b'), once);
  assert.deepEqual(parseLogFilter(once).filter.path, ['/a b']);
});
