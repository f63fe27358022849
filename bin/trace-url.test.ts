import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTraceUrl } from './trace-url.ts';

test('a template with the place of the trace is taken as it is', () => {
  const template = 'https://jaeger.example/trace/{trace_id}?ui=1';
  assert.equal(parseTraceUrl(template), template);
});

test('what would run, or leads to one place for every trace, is refused in words', () => {
  assert.throws(() => parseTraceUrl('https://jaeger.example/'), /has no \{trace_id\}/);
  assert.throws(() => parseTraceUrl('javascript:alert("{trace_id}")'), /no http or https address/);
  assert.throws(() => parseTraceUrl('{trace_id}'), /no http or https address/);
});
