import assert from 'node:assert/strict';
import { it } from 'node:test';
import { PolicyPreviewEdge } from '#proto/gen/parallax/v1/policy.ts';
import { edgesToMark } from './edges-to-mark.ts';

it('marks each connection by the gravest of its changes, and none that stays as it is', () => {
  const edge = (destination: string, flows: Partial<Record<'newlyDenied' | 'newlyAllowed' | 'uncertain', bigint>>) =>
    PolicyPreviewEdge.fromPartial({ source: 'shop/web', destination, flows: { unchanged: 4n, ...flows } });
  const marks = edgesToMark([
    edge('shop/a', { newlyDenied: 1n, newlyAllowed: 9n, uncertain: 9n }),
    edge('shop/b', { newlyAllowed: 1n, uncertain: 9n }),
    edge('shop/c', { uncertain: 1n }),
    edge('shop/d', {}),
  ]);
  assert.deepEqual(
    marks.map(({ source, destination, mark }) => `${source} ${destination} ${mark}`),
    ['shop/web shop/a closes', 'shop/web shop/b opens', 'shop/web shop/c unsure'],
  );
});
