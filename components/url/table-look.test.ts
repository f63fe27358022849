import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSort, parseWidths, sortText, widthsText } from './table-look.ts';

test('widths and sort are written as they are read', () => {
  const widths = parseWidths('source:240,latency:90');
  assert.deepEqual(widths && [...widths], [
    ['source', 240],
    ['latency', 90],
  ]);
  assert.equal(widths && widthsText(widths), 'source:240,latency:90');
  for (const text of ['-latency', 'time'])
    assert.equal(sortText(parseSort(text) ?? { column: 'pod', descending: false }), text);
});

test('a width beyond its bounds is moved into them, and what is none is left out', () => {
  const widths = parseWidths('source:1,request:99999,colour:3,verdict:-4,size:,time:1e9');
  assert.deepEqual(widths && [...widths], [
    ['source', 48],
    ['request', 1200],
  ]);
  assert.equal(parseWidths('<b>'), null);
  assert.equal(parseSort('-colour'), null);
  assert.equal(parseSort('--time'), null);
});
