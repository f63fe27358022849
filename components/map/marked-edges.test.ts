import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MarkedEdge } from './map-view-types.ts';
import { MOST_MARKED, markedEdgesFrom, markedEdgesText } from './marked-edges.ts';

const edge = (destination: string, mark: MarkedEdge['mark']): MarkedEdge => ({
  source: 'shop/web',
  destination,
  mark,
});

test('marks read from an address are those that were written to it, the gravest first', () => {
  const edges = [edge('shop/a', 'opens'), edge('2001:db8::1', 'unsure'), edge('odd,>100%', 'closes')];
  assert.deepEqual(markedEdgesFrom(markedEdgesText(edges)), { edges: edges.toReversed(), omitted: 0 });
});

test('an address carries so many marks at most, and says how many are left out', () => {
  const edges = Array.from({ length: MOST_MARKED + 12 }, (_, index) => edge(`shop/s${index}`, 'closes'));
  const read = markedEdgesFrom(markedEdgesText(edges));
  assert.deepEqual([read?.edges.length, read?.omitted], [MOST_MARKED, 12]);
  assert.equal(markedEdgesFrom(markedEdgesText(edges).replace('+12', 'o:a>b'))?.edges.length, MOST_MARKED);
});

test('what cannot be read is left out', () => {
  for (const text of ['', 'x', 'c:', 'c:a', 'z:a>b', '+3', 'c:>b', 'constructor:a>b'])
    assert.equal(markedEdgesFrom(text), null, text);
  assert.deepEqual(markedEdgesFrom('c:%E0%A4%A>b,nonsense'), {
    edges: [{ source: '%E0%A4%A', destination: 'b', mark: 'closes' }],
    omitted: 0,
  });
});
