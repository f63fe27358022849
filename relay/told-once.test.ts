import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Node } from '#proto/gen/observer/observer.ts';
import { HopCoverage } from '#proto/gen/parallax/v1/dashboard.ts';
import { hopsOnce, nodesOnce } from './told-once.ts';

const hop = (name: string, nodeName: string, seen: number, lost = 0) =>
  HopCoverage.fromPartial({ hop: name, nodeName, seen: BigInt(seen), lost: BigInt(lost) });
const node = (name: string, seen: number, address = '') => Node.fromPartial({ name, address, seenFlows: BigInt(seen) });

describe('what two peers tell of one node', () => {
  it('counts once in coverage: the word of the one that has seen most', () => {
    const hops = hopsOnce([
      ...[hop('kernel', 'a', 10, 1), hop('exporter', 'a', 9), hop('relay', 'a', 9)],
      ...[hop('kernel', 'a', 12, 2), hop('exporter', 'a', 8), hop('kernel', 'b', 5), hop('relay', 'east', 20)],
    ]);
    assert.deepEqual(
      hops.map(({ hop: name, nodeName, seen, lost }) => `${name} ${nodeName} ${seen} ${lost}`),
      ['kernel a 12 2', 'exporter a 9 0', 'relay a 9 0', 'kernel b 5 0', 'relay east 20 0'],
    );
  });

  it('stays apart where it is of no node', () => {
    assert.equal(hopsOnce([hop('access logs', '', 3), hop('access logs', '', 4)]).length, 2);
  });

  it('is one node, and the followed one rather than what a relay says of it', () => {
    const nodes = nodesOnce(
      [node('a', 5, '10.0.0.1:4244'), node('twin', 1, '10.0.0.2:4244'), node('twin', 1, '10.0.0.3:4244')],
      [node('a', 9), node('b', 3), node('b', 4)],
    );
    assert.deepEqual(
      nodes.map(({ name, seenFlows }) => `${name} ${seenFlows}`),
      ['a 5', 'twin 1', 'twin 1', 'b 4'],
    );
  });
});
