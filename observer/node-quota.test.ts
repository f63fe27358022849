import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileFilters } from '#flow/filter/compile.ts';
import { type DeepPartial, GetFlowsRequest, GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { boundsOf, FlowQuery } from './flow-query.ts';
import { FlowRing } from './flow-ring.ts';
import { FlowSelection } from './flow-selection.ts';
import { unframe } from './frame.ts';

interface Fixture {
  readonly node: 'a' | 'b' | 'c';
  readonly second: number;
  readonly verdict: 1 | 2;
}

function ringOf(fixtures: readonly Fixture[]): FlowRing {
  const ring = new FlowRing({
    capacityBytes: 1 << 20,
    slots: 256,
    endpointIds: 64,
    endpointKeyBytes: 1 << 16,
    nodeIds: 64,
  });
  for (const [index, { node, second, verdict }] of fixtures.entries()) {
    const response: DeepPartial<GetFlowsResponse> = {
      nodeName: node,
      time: { seconds: BigInt(second), nanos: 0 },
      responseTypes: { $case: 'flow', value: { nodeName: node, verdict, uuid: String(index) } },
    };
    ring.append(GetFlowsResponse.encode(GetFlowsResponse.fromPartial(response)).finish());
  }
  return ring;
}

/** uuids, in the order in which they are delivered. */
function answer(ring: FlowRing, request: GetFlowsRequest, nodes: readonly string[] | undefined): string[] {
  const selection = new FlowSelection(ring, compileFilters(request.whitelist, request.blacklist), undefined);
  const query = new FlowQuery(selection, boundsOf(request), 'relay', nodes);
  const uuids: string[] = [];
  for (let steps = 0; steps < 10_000; steps++) {
    const { frames, state } = query.step();
    for (const bytes of frames === undefined ? [] : unframe(frames)) {
      const { responseTypes } = GetFlowsResponse.decode(bytes);
      if (responseTypes?.$case === 'flow') uuids.push(responseTypes.value.uuid);
    }
    if (state !== 'more') return uuids;
  }
  throw new Error('the query never waits nor ends');
}

const second = fc.option(fc.nat(42), { nil: undefined });
const request = fc
  .record({
    number: fc.bigInt({ min: 0n, max: 12n }),
    first: fc.boolean(),
    follow: fc.boolean(),
    since: second,
    until: second,
    isFiltered: fc.boolean(),
  })
  .map(({ since, until, isFiltered, ...rest }) =>
    GetFlowsRequest.fromPartial({
      ...rest,
      since: since === undefined ? undefined : { seconds: BigInt(since), nanos: 0 },
      until: until === undefined ? undefined : { seconds: BigInt(until), nanos: 0 },
      whitelist: isFiltered ? [{ verdict: [2] }] : [],
    }),
  );
const fixture: fc.Arbitrary<Fixture> = fc.record({
  node: fc.constantFrom('a' as const, 'b' as const, 'c' as const),
  second: fc.nat(40),
  verdict: fc.constantFrom(1 as const, 2 as const),
});

test('a relay answers as if each node had been asked by itself, whichever nodes it knows', () => {
  const known = fc.subarray(['a', 'b', 'c', 'silent']);
  fc.assert(
    fc.property(fc.array(fixture, { maxLength: 120 }), request, known, (unsorted, asked, nodes) => {
      // A node that is not known may come short: what is known decides when to stop looking.
      const present = new Set(unsorted.map(({ node }) => node));
      const knowsAll = [...present].every((node) => nodes.includes(node));
      const fixtures = [...unsorted].sort((left, right) => left.second - right.second);
      const uuids = answer(ringOf(fixtures), asked, nodes);
      assert.deepEqual(
        uuids,
        [...uuids].sort((left, right) => Number(left) - Number(right)),
        'in the order of the ring',
      );
      for (const node of present) {
        if (!knowsAll && !nodes.includes(node)) continue;
        const own = fixtures.flatMap((one, index) => (one.node === node ? [{ ...one, index }] : []));
        const alone = answer(ringOf(own), asked, undefined).map((uuid) => String(own[Number(uuid)]?.index));
        assert.deepEqual(
          uuids.filter((uuid) => fixtures[Number(uuid)]?.node === node),
          alone,
          `flows of ${node}`,
        );
      }
    }),
    { numRuns: 500 },
  );
});

test('it stops looking once every known node has given its flows', () => {
  const fixtures = Array.from(
    { length: 200 },
    (_, second): Fixture => ({ node: second % 2 ? 'a' : 'b', second, verdict: 1 }),
  );
  const ring = ringOf(fixtures);
  const asked = GetFlowsRequest.fromPartial({ number: 3n });
  assert.deepEqual(answer(ring, asked, ['a', 'b']), ['194', '195', '196', '197', '198', '199']);
  const forward = GetFlowsRequest.fromPartial({ number: 2n, first: true });
  assert.deepEqual(answer(ring, forward, ['a', 'b']), ['0', '1', '2', '3']);
});
