import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type CompiledFilter, compileFilters } from '#flow/filter/compile.ts';
import { FilterError } from '#flow/filter/filter-error.ts';
import { FlowFilter } from '#proto/gen/flow/flow.ts';
import { type DeepPartial, GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { generateFlows } from '../bench/flows/generate.ts';
import { filterArbitrary } from './filter-arbitrary.ts';
import { BLOCK, FilterPlan, MARK_FLOW, MARK_NONE, MARK_UNCOUNTED } from './filter-plan.ts';
import { FlowRing, type FlowRingOptions } from './flow-ring.ts';

const flows = generateFlows({ count: 600, endpoints: 400, nodes: 3 });

function fill(options: FlowRingOptions = {}): FlowRing {
  const ring = new FlowRing({ capacityBytes: 4 << 20, ...options });
  for (const flow of flows) ring.append(flow);
  return ring;
}

function compile(whitelist: FlowFilter[], blacklist: FlowFilter[]): CompiledFilter | undefined {
  try {
    return compileFilters(whitelist, blacklist);
  } catch (error) {
    // Such as http_status_code beside an event_type without L7: refused, and not our matter here.
    if (error instanceof FilterError) return undefined;
    throw error;
  }
}

/** Sequences that the plan selects, and those that the filter matches when every flow is decoded. */
function compare(ring: FlowRing, plan: FilterPlan, filter: CompiledFilter): void {
  const marks = new Uint8Array(BLOCK);
  const selected: number[] = [];
  for (let from = ring.oldest; from < ring.next; from += plan.blockSize) {
    const to = Math.min(ring.next, from + plan.blockSize);
    plan.select(from, to, marks);
    for (let i = 0; i < to - from; i++) if (marks[i] === MARK_FLOW) selected.push(from + i);
  }
  const matching: number[] = [];
  for (let sequence = ring.oldest; sequence < ring.next; sequence++) {
    const decoded = GetFlowsResponse.decode(ring.messageAt(sequence)).responseTypes;
    if (decoded?.$case === 'flow' && filter.matches(decoded.value)) matching.push(sequence);
  }
  assert.deepEqual(selected, matching);
}

const lists = fc.record({
  whitelist: fc.array(filterArbitrary, { maxLength: 3 }),
  blacklist: fc.array(filterArbitrary, { maxLength: 2 }),
});

test('a plan selects by columns and dictionaries what the filter matches on decoded flows', () => {
  const ring = fill();
  fc.assert(
    fc.property(lists, ({ whitelist, blacklist }) => {
      const filter = compile(whitelist, blacklist);
      if (filter !== undefined) compare(ring, new FilterPlan(ring, filter), filter);
    }),
    { numRuns: 150 },
  );
});

test('it does so too where a block goes round the end of the columns, and holds messages that are no flows', () => {
  const lost = GetFlowsResponse.fromPartial({ responseTypes: { $case: 'lostEvents', value: { numEventsLost: 1n } } });
  const ring = new FlowRing({ capacityBytes: 4 << 20, slots: 256 });
  for (const [i, flow] of flows.entries()) {
    ring.append(flow);
    if (i % 100 === 99) ring.append(GetFlowsResponse.encode(lost).finish());
  }
  assert.ok(ring.slotOf(ring.oldest) > 0);
  fc.assert(
    fc.property(lists, ({ whitelist, blacklist }) => {
      const filter = compile(whitelist, blacklist);
      if (filter !== undefined) compare(ring, new FilterPlan(ring, filter), filter);
    }),
    { numRuns: 100 },
  );
});

test('it does so too when most ids are no longer live, and while generations pass between two looks', () => {
  fc.assert(
    fc.property(lists, ({ whitelist, blacklist }) => {
      const filter = compile(whitelist, blacklist);
      if (filter === undefined) return;
      const ring = new FlowRing({ capacityBytes: 1 << 19, endpointIds: 64, endpointKeyBytes: 1 << 17 });
      const plan = new FilterPlan(ring, filter);
      for (const [i, flow] of flows.entries()) {
        ring.append(flow);
        if (i % 97 === 0) compare(ring, plan, filter);
      }
      assert.ok(ring.endpoints.rotations > 3);
    }),
    { numRuns: 12 },
  );
});

test('an answer kept for a live id is not taken for that of a forgotten one in its place', () => {
  const ring = new FlowRing({ capacityBytes: 1 << 19, endpointIds: 64, endpointKeyBytes: 1 << 17 });
  for (let i = 0; i < 200; i++) {
    const namespace = i < 60 ? 'early' : 'late';
    const value = {
      source: { namespace, podName: `pod-${i}` },
      IP: { source: `10.0.0.${i}`, destination: '10.1.0.1' },
    };
    ring.append(
      GetFlowsResponse.encode(GetFlowsResponse.fromPartial({ responseTypes: { $case: 'flow', value } })).finish(),
    );
  }
  assert.ok(ring.endpoints.rotations > 1);
  const filter = compileFilters([FlowFilter.fromPartial({ sourcePod: ['early/'] })], []);
  const plan = new FilterPlan(ring, filter);
  for (let look = 0; look < 2; look++) compare(ring, plan, filter);
});

test('endpoint and column filters decode nothing', () => {
  const ring = fill();
  const filter = compileFilters(
    [FlowFilter.fromPartial({ sourcePod: ['shop/'], verdict: [1], protocol: ['tcp'], destinationPort: ['443'] })],
    [FlowFilter.fromPartial({ destinationLabel: ['reserved:world'] })],
  );
  const plan = new FilterPlan(ring, filter);
  compare(ring, plan, filter);
  assert.equal(plan.decodes, 0);
});

test('more clauses than keep answers still select the same', () => {
  const ring = fill();
  const whitelist = Array.from({ length: 100 }, (_, i) =>
    FlowFilter.fromPartial({ sourcePod: [`shop/${i}`, 'shop/cart'], verdict: [2] }),
  );
  const filter = compileFilters(whitelist, []);
  compare(ring, new FilterPlan(ring, filter), filter);
});

test('lost events and node status pass every filter, responses with neither pass none', () => {
  const ring = new FlowRing({ capacityBytes: 1 << 20 });
  const append = (response: DeepPartial<GetFlowsResponse>) =>
    ring.append(GetFlowsResponse.encode(GetFlowsResponse.fromPartial(response)).finish());
  append({ responseTypes: { $case: 'lostEvents', value: { numEventsLost: 3n } } });
  append({ responseTypes: { $case: 'nodeStatus', value: { stateChange: 1 } } });
  append({ time: { seconds: 1n, nanos: 0 } });
  append({ responseTypes: { $case: 'flow', value: { verdict: 1 } } });
  const plan = new FilterPlan(ring, compileFilters([FlowFilter.fromPartial({ verdict: [2] })], []));
  const marks = new Uint8Array(BLOCK);
  plan.select(0, 4, marks);
  assert.deepEqual([...marks.subarray(0, 4)], [MARK_UNCOUNTED, MARK_UNCOUNTED, MARK_NONE, MARK_NONE]);
});

test('a flow that cannot be decoded matches no filter that needs decoding, and is counted', () => {
  const ring = new FlowRing({ capacityBytes: 1 << 20 });
  // Field 41 (emitter), which no column holds, says it is one byte long and holds a field that is longer.
  ring.append(Uint8Array.of(0x0a, 0x05, 0xca, 0x02, 0x02, 0x0a, 0x7f));
  const plan = new FilterPlan(ring, compileFilters([FlowFilter.fromPartial({ uuid: ['x'] })], []));
  const marks = new Uint8Array(BLOCK);
  plan.select(0, 1, marks);
  assert.deepEqual([marks[0], plan.undecodable], [MARK_NONE, 1]);
});
