import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csvRecord } from '../format/csv.ts';
import { RecordCounter } from './export-flows.ts';

test('records are counted however the bytes are cut, line ends between quotes not among them', () => {
  const text = csvRecord(['name', 'request']) + csvRecord(['a', 'two\nlines "x"\n']) + csvRecord(['b', '"']);
  const bytes = new TextEncoder().encode(text);
  for (let size = 1; size <= bytes.length; size++) {
    const counter = new RecordCounter('csv');
    for (let at = 0; at < bytes.length; at += size) counter.add(bytes.subarray(at, at + size));
    assert.equal(counter.records, 2, `pieces of ${size}`);
  }
  const lines = new RecordCounter('jsonl');
  lines.add(new TextEncoder().encode('{"a":"\\""}\n{"b":1}\n'));
  assert.equal(lines.records, 2);
});
