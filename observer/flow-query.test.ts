import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileFilters } from '#flow/filter/compile.ts';
import { FlowFilter } from '#proto/gen/flow/flow.ts';
import { type DeepPartial, GetFlowsRequest, GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { boundsOf, FlowQuery } from './flow-query.ts';
import { FlowRing } from './flow-ring.ts';
import { FlowSelection } from './flow-selection.ts';
import { unframe } from './frame.ts';

interface Fixture {
  readonly kind: 'flow' | 'lost';
  readonly second: number;
  readonly verdict: 1 | 2;
}

function append(ring: FlowRing, { kind, second, verdict }: Fixture): void {
  const response: DeepPartial<GetFlowsResponse> = {
    nodeName: String(ring.next),
    time: { seconds: BigInt(second), nanos: 0 },
    responseTypes:
      kind === 'flow' ? { $case: 'flow', value: { verdict } } : { $case: 'lostEvents', value: { numEventsLost: 1n } },
  };
  ring.append(GetFlowsResponse.encode(GetFlowsResponse.fromPartial(response)).finish());
}

function makeRing(fixtures: readonly Fixture[], slots = 256): FlowRing {
  const ring = new FlowRing({ capacityBytes: 1 << 20, slots, endpointIds: 64, endpointKeyBytes: 1 << 16, nodeIds: 64 });
  for (const fixture of fixtures) append(ring, fixture);
  return ring;
}

function makeQuery(ring: FlowRing, request: DeepPartial<GetFlowsRequest>): FlowQuery {
  const full = GetFlowsRequest.fromPartial(request);
  const selection = new FlowSelection(ring, compileFilters(full.whitelist, full.blacklist), undefined);
  return new FlowQuery(selection, boundsOf(full), 'this-node');
}

/** Steps until the query waits or is done; gives the responses and the last state. */
function drain(query: FlowQuery): { responses: GetFlowsResponse[]; state: string } {
  const responses: GetFlowsResponse[] = [];
  for (let steps = 0; steps < 100_000; steps++) {
    const step = query.step();
    if (step.frames !== undefined)
      for (const bytes of unframe(step.frames)) responses.push(GetFlowsResponse.decode(bytes));
    if (step.state !== 'more') return { responses, state: step.state };
  }
  throw new Error('the query never waits nor ends');
}

const sequencesOf = (responses: readonly GetFlowsResponse[]) => responses.map(({ nodeName }) => Number(nodeName));

/** The rules of GetFlows, written over a list. Gives the sequences to deliver. */
function expected(fixtures: readonly Fixture[], request: GetFlowsRequest): { sequences: number[]; isEnded: boolean } {
  const since = request.since === undefined ? undefined : Number(request.since.seconds);
  const until = request.until === undefined ? Number.POSITIVE_INFINITY : Number(request.until.seconds);
  const matches = ({ kind, verdict }: Fixture) =>
    kind === 'flow' &&
    (request.whitelist.length === 0 || request.whitelist.some((filter) => filter.verdict.includes(verdict)));
  const number = Number(request.number);
  let start = fixtures.length;
  if (since !== undefined) start = fixtures.findIndex(({ second }) => second >= since);
  else if (request.first || (number === 0 && !request.follow)) start = 0;
  else if (number > 0) {
    for (let found = 0; start > 0 && found < number; ) {
      const fixture = fixtures[--start];
      if (fixture !== undefined && matches(fixture) && fixture.second <= until) found++;
    }
  }
  if (start < 0) start = fixtures.length;
  const sequences: number[] = [];
  let remaining = request.follow || number === 0 ? Number.POSITIVE_INFINITY : number;
  for (const [offset, fixture] of fixtures.slice(start).entries()) {
    if (remaining === 0) return { sequences, isEnded: true };
    if (fixture.kind === 'flow' && fixture.second > until) return { sequences, isEnded: true };
    if (fixture.kind === 'lost') sequences.push(start + offset);
    else if (matches(fixture) && (since === undefined || fixture.second >= since)) {
      sequences.push(start + offset);
      remaining--;
    }
  }
  return { sequences, isEnded: !request.follow };
}

const fixture: fc.Arbitrary<Fixture> = fc.record({
  kind: fc.oneof(
    { weight: 9, arbitrary: fc.constant('flow' as const) },
    { weight: 1, arbitrary: fc.constant('lost' as const) },
  ),
  second: fc.nat(40),
  verdict: fc.constantFrom(1 as const, 2 as const),
});
const second = fc.option(fc.nat(42), { nil: undefined });
const request = fc
  .record({
    number: fc.oneof(fc.constant(0n), fc.bigInt({ min: 1n, max: 30n }), fc.constant(2n ** 64n - 1n)),
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

test('number, first, since, until, follow and filters deliver what the rules say, in and out of order of time', () => {
  fc.assert(
    fc.property(fc.array(fixture, { maxLength: 80 }), fc.boolean(), request, (unsorted, isSorted, asked) => {
      const fixtures = isSorted ? [...unsorted].sort((left, right) => left.second - right.second) : unsorted;
      const { responses, state } = drain(makeQuery(makeRing(fixtures), asked));
      const want = expected(fixtures, asked);
      assert.deepEqual(sequencesOf(responses), want.sequences);
      assert.equal(state, want.isEnded ? 'done' : 'caught-up');
    }),
    { numRuns: 500 },
  );
});

const flows = (count: number): Fixture[] =>
  Array.from({ length: count }, (_, i) => ({ kind: 'flow', second: i, verdict: i % 10 === 0 ? 2 : 1 }));

test('the last flows that match are found across many blocks', () => {
  const ring = makeRing(flows(3900), 4096);
  const { responses } = drain(makeQuery(ring, { number: 300n, whitelist: [{ verdict: [2] }] }));
  assert.deepEqual(
    sequencesOf(responses),
    Array.from({ length: 300 }, (_, i) => 900 + 10 * i),
  );
});

test('a number does not end a stream that follows, a flow later than until does', () => {
  const ring = makeRing(flows(10));
  const query = makeQuery(ring, { number: 2n, follow: true, until: { seconds: 11n, nanos: 0 } });
  assert.deepEqual(sequencesOf(drain(query).responses), [8, 9]);
  append(ring, { kind: 'flow', second: 11, verdict: 1 });
  assert.deepEqual(sequencesOf(drain(query).responses), [10]);
  append(ring, { kind: 'lost', second: 99, verdict: 1 });
  append(ring, { kind: 'flow', second: 12, verdict: 1 });
  const { responses, state } = drain(query);
  assert.deepEqual(sequencesOf(responses), [11], 'lost events ignore the time range');
  assert.equal(state, 'done');
});

test('a query that does not follow ends at what was newest when it began, however much comes after', () => {
  const ring = makeRing(flows(10));
  const query = makeQuery(ring, {});
  for (const late of flows(5)) append(ring, late);
  assert.deepEqual(sequencesOf(drain(query).responses), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('a reader that was overtaken learns exactly how many messages it lost, and goes on with the oldest', () => {
  const ring = makeRing(flows(4), 16);
  const query = makeQuery(ring, { follow: true, first: true });
  const { responses: before } = drain(query);
  assert.equal(before.length, 4);
  for (const more of flows(30)) append(ring, more);
  const { responses } = drain(query);
  const [lost, ...rest] = responses;
  const [first, last] = [before.at(-1)?.time, rest[0]?.time];
  assert.ok(first !== undefined && last !== undefined);
  assert.deepEqual(lost?.responseTypes, {
    $case: 'lostEvents',
    value: { source: 3, numEventsLost: 14n, cpu: undefined, first, last, _unknownFields: {} },
  });
  assert.equal(lost?.nodeName, 'this-node');
  assert.deepEqual(lost?.time, rest[0]?.time, 'so that a merge by time keeps its order');
  assert.deepEqual(
    sequencesOf(rest),
    Array.from({ length: 16 }, (_, i) => 18 + i),
  );
  assert.equal(query.lost, 14);
});

test('whatever the interleaving of writing and reading, every message is delivered once, in order, or counted as lost', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(40), fc.nat(3)), { maxLength: 40 }), (turns) => {
      const ring = makeRing([], 16);
      const query = makeQuery(ring, { follow: true });
      let seen = 0;
      let lastSequence = -1;
      const read = (steps: number) => {
        for (let i = 0; i < steps; i++) {
          const { frames } = query.step();
          if (frames === undefined) continue;
          for (const bytes of unframe(frames)) {
            const { responseTypes, nodeName } = GetFlowsResponse.decode(bytes);
            if (responseTypes?.$case === 'lostEvents') seen += Number(responseTypes.value.numEventsLost);
            else {
              seen++;
              assert.ok(Number(nodeName) > lastSequence);
              lastSequence = Number(nodeName);
              assert.equal(lastSequence, seen - 1);
            }
          }
        }
      };
      for (const [writes, reads] of turns) {
        for (const one of flows(writes)) append(ring, one);
        read(reads);
      }
      read(100);
      assert.equal(seen, ring.next);
    }),
    { numRuns: 200 },
  );
});

test('followers that ask for the same share the pieces they send', () => {
  const ring = makeRing(flows(10));
  const all = compileFilters([FlowFilter.fromPartial({ verdict: [1] })], []);
  const selection = new FlowSelection(ring, all, undefined);
  const bounds = boundsOf(GetFlowsRequest.fromPartial({ follow: true }));
  const queries = Array.from({ length: 100 }, () => new FlowQuery(selection, bounds, 'n'));
  for (const query of queries) query.step();
  for (const one of flows(20)) append(ring, one);
  const frames = queries.map((query) => query.step().frames);
  assert.ok(frames[0] !== undefined && frames.every((piece) => piece === frames[0]), 'one and the same array of bytes');
  assert.equal(selection.sharedPieces, 99);
});
