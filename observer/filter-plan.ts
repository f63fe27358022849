// How a request's filter is answered from a ring: columns first, dictionaries next, and only for what is left the flow is
// decoded. Works on blocks of neighbouring sequences, one clause after another, so that each loop reads one column.

import { type Clause, clauseMatches } from '#flow/filter/clause.ts';
import type { CompiledAlternative, CompiledFilter } from '#flow/filter/compile.ts';
import type { Flow } from '#proto/gen/flow/flow.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { BLOCK, type BlockTest, columnTest, type Run } from './column-clause.ts';
import { KIND_FLOW, KIND_LOST_EVENTS, KIND_NODE_STATUS } from './columns.ts';
import { type DictionarySide, dictionarySide, dictionaryTest } from './dictionary-clause.ts';
import type { FlowRing } from './flow-ring.ts';

const DECODING_BLOCK = 64;

/** Sequences to select at once at most. */
export { BLOCK };

/** Marks of a selection. UNCOUNTED messages (lost events, node status) pass every filter and count towards no number. */
export const MARK_NONE = 0;
export const MARK_FLOW = 1;
export const MARK_UNCOUNTED = 2;

/** Most clauses of one request that keep answers by id (64 KiB each by default: 4 MiB); further ones decode. */
const MAX_REMEMBERING_TESTS = 64;

export class FilterPlan {
  readonly #ring: FlowRing;
  readonly #allow: readonly (readonly BlockTest[])[];
  readonly #deny: readonly (readonly BlockTest[])[];
  readonly #marks = new Uint8Array(BLOCK);
  #rememberingTests = 0;
  #mayDecode = false;
  /** Flow decoded last, so that several clauses on one flow decode it once. */
  #decodedSequence = -1;
  #decoded: Flow | undefined;
  #decodes = 0;
  #undecodable = 0;

  constructor(ring: FlowRing, filter: CompiledFilter) {
    this.#ring = ring;
    this.#allow = filter.matchesAll ? [] : filter.whitelist.map((alternative) => this.#compile(alternative));
    this.#deny = filter.matchesAll ? [] : filter.blacklist.map((alternative) => this.#compile(alternative));
  }

  /** Sequences to select at once: fewer where flows may have to be decoded, so that a caller can pause between. */
  get blockSize(): number {
    return this.#mayDecode ? DECODING_BLOCK : BLOCK;
  }

  /** Flows decoded because columns could not answer. */
  get decodes(): number {
    return this.#decodes;
  }

  /** Flows that matched nothing because they could not be decoded. */
  get undecodable(): number {
    return this.#undecodable;
  }

  /** Sets selection[sequence - from] to a MARK for sequences [from, to), at most BLOCK, all in the ring. */
  select(from: number, to: number, selection: Uint8Array): void {
    const { slots, slotMask } = this.#ring.columns;
    const slot = from & slotMask;
    const count = Math.min(to - from, slots - slot);
    this.#selectRun({ sequence: from, slot, count }, selection);
    if (from + count < to) this.select(from + count, to, selection.subarray(count));
  }

  #selectRun(run: Run, selection: Uint8Array): void {
    const { slot, count } = run;
    // A kind is the mark of a flow, and no mark is that of any other kind until the end.
    const kinds = this.#ring.columns.kind.subarray(slot, slot + count);
    const hasFlowsAlone = areFlows(kinds);
    const [first, ...others] = this.#allow;
    this.#markFlows(kinds, hasFlowsAlone, selection);
    if (first !== undefined) runTests(first, run, selection);
    const marks = this.#marks;
    for (const tests of others) {
      this.#markFlows(kinds, hasFlowsAlone, marks);
      for (let i = 0; i < count; i++) marks[i] = (marks[i] as number) & ~(selection[i] as number);
      runTests(tests, run, marks);
      for (let i = 0; i < count; i++) selection[i] = (selection[i] as number) | (marks[i] as number);
    }
    for (const tests of this.#deny) {
      marks.set(selection.subarray(0, count));
      runTests(tests, run, marks);
      for (let i = 0; i < count; i++) selection[i] = (selection[i] as number) & ~(marks[i] as number);
    }
    if (hasFlowsAlone) return;
    for (let i = 0; i < count; i++) {
      const kind = kinds[i];
      if (kind === KIND_LOST_EVENTS || kind === KIND_NODE_STATUS) selection[i] = MARK_UNCOUNTED;
    }
  }

  #markFlows(kinds: Uint8Array, hasFlowsAlone: boolean, marks: Uint8Array): void {
    marks.set(kinds);
    if (hasFlowsAlone) return;
    for (let i = 0; i < kinds.length; i++) if (kinds[i] !== KIND_FLOW) marks[i] = MARK_NONE;
  }

  #compile(alternative: CompiledAlternative): readonly BlockTest[] {
    const byColumn: BlockTest[] = [];
    const bySide = new Map<DictionarySide, Clause[]>();
    const rest: Clause[] = [];
    for (const clause of alternative) {
      const side = dictionarySide(clause);
      if (this.#rememberingTests >= MAX_REMEMBERING_TESTS) rest.push(clause);
      else if (side !== undefined) {
        const clauses = bySide.get(side);
        if (clauses === undefined) {
          bySide.set(side, [clause]);
          this.#rememberingTests++;
        } else clauses.push(clause);
      } else {
        const test = columnTest(this.#ring.columns, clause);
        if (test === undefined) rest.push(clause);
        else {
          byColumn.push(test);
          this.#rememberingTests++;
        }
      }
    }
    const byDictionary = [...bySide].map(([side, clauses]) =>
      dictionaryTest(this.#ring, side, clauses, (sequence) => this.#matchesDecoded(clauses, sequence)),
    );
    if (rest.length > 0) this.#mayDecode = true;
    return [...byColumn, ...byDictionary, ...(rest.length === 0 ? [] : [this.#decodingTest(rest)])];
  }

  #decodingTest(clauses: readonly Clause[]): BlockTest {
    return ({ sequence, count }, marks) => {
      let left = 0;
      for (let i = 0; i < count; i++) {
        if (marks[i] === 1 && !this.#matchesDecoded(clauses, sequence + i)) marks[i] = 0;
        left += marks[i] as number;
      }
      return left;
    };
  }

  #matchesDecoded(clauses: readonly Clause[], sequence: number): boolean {
    const flow = this.#decode(sequence);
    return flow !== undefined && clauses.every((clause) => clauseMatches(clause, flow));
  }

  #decode(sequence: number): Flow | undefined {
    if (sequence === this.#decodedSequence) return this.#decoded;
    this.#decodedSequence = sequence;
    this.#decoded = undefined;
    this.#decodes++;
    try {
      const response = GetFlowsResponse.decode(this.#ring.messageAt(sequence));
      if (response.responseTypes?.$case === 'flow') this.#decoded = response.responseTypes.value;
    } catch {
      this.#undecodable++;
    }
    return this.#decoded;
  }
}

function runTests(tests: readonly BlockTest[], run: Run, marks: Uint8Array): void {
  let left = run.count;
  for (const test of tests) {
    left = test(run, marks, left);
    if (left === 0) return;
  }
}

function areFlows(kinds: Uint8Array): boolean {
  let others = 0;
  for (let i = 0; i < kinds.length; i++) others |= (kinds[i] as number) ^ KIND_FLOW;
  return others === 0;
}
