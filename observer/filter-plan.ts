// How a request's filter is answered from a ring: columns first, dictionaries next, and only for what is left the flow is
// decoded. Works on blocks of neighbouring sequences, one clause after another, so that each loop reads one column.

import { type Clause, clauseMatches } from '#flow/filter/clause.ts';
import type { CompiledAlternative, CompiledFilter } from '#flow/filter/compile.ts';
import type { Flow } from '#proto/gen/flow/flow.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { type BlockTest, columnTest } from './column-clause.ts';
import { KIND_FLOW, KIND_LOST_EVENTS, KIND_NODE_STATUS } from './columns.ts';
import { type DictionarySide, dictionarySide, dictionaryTest } from './dictionary-clause.ts';
import type { FlowRing } from './flow-ring.ts';

/** Sequences in one block: their marks and the columns of one clause stay in the first cache. */
export const BLOCK = 1024;

const DECODING_BLOCK = 64;

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
    const { kind, slotMask } = this.#ring.columns;
    const count = to - from;
    if (this.#allow.length === 0) selection.fill(MARK_FLOW, 0, count);
    else {
      selection.fill(MARK_NONE, 0, count);
      for (const tests of this.#allow) this.#mark(tests, from, to, selection, MARK_FLOW);
    }
    for (const tests of this.#deny) this.#mark(tests, from, to, selection, MARK_NONE);
    for (let i = 0; i < count; i++) {
      const value = kind[(from + i) & slotMask];
      if (value === KIND_FLOW) continue;
      selection[i] = value === KIND_LOST_EVENTS || value === KIND_NODE_STATUS ? MARK_UNCOUNTED : MARK_NONE;
    }
  }

  /** Gives the flows that pass all tests the mark. */
  #mark(tests: readonly BlockTest[], from: number, to: number, selection: Uint8Array, mark: number): void {
    const { kind, slotMask } = this.#ring.columns;
    const marks = this.#marks;
    const count = to - from;
    for (let i = 0; i < count; i++) {
      marks[i] = selection[i] !== mark && kind[(from + i) & slotMask] === KIND_FLOW ? 1 : 0;
    }
    for (const test of tests) test(from, to, marks);
    for (let i = 0; i < count; i++) if (marks[i] === 1) selection[i] = mark;
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
    return (from, to, marks) => {
      for (let sequence = from; sequence < to; sequence++) {
        if (marks[sequence - from] === 0) continue;
        if (!this.#matchesDecoded(clauses, sequence)) marks[sequence - from] = 0;
      }
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
