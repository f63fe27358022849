// Clauses about an endpoint or a node: asked once for each dictionary id, the answers kept as two bits an id.

import type { Clause, Side } from '#flow/filter/clause.ts';
import { type BlockTest, SPARSE_SHARE } from './column-clause.ts';
import type { EndpointDescription, NodeDescription } from './endpoint-dictionary.ts';
import type { FlowRing } from './flow-ring.ts';
import type { GenerationDictionary } from './generation-dictionary.ts';

/** Anded with a mark of 1 an answer gives the mark that is left. */
const UNKNOWN = 0;
const YES = 1;
const NO = 2;

/** 'source' and 'destination' clauses are answered by the endpoint dictionary, 'node' clauses by the node dictionary. */
export type DictionarySide = Side | 'node';

/** @returns undefined if no dictionary answers the clause */
export function dictionarySide(clause: Clause): DictionarySide | undefined {
  switch (clause.on) {
    case 'endpoint':
    case 'address':
    case 'names':
    case 'service':
      return clause.side;
    case 'nodeName':
    case 'nodeLabels':
      return 'node';
    default:
      return undefined;
  }
}

/**
 * One test for clauses that all have the same dictionarySide.
 * @param decide answers for a flow whose id is not live, by decoding it
 */
export function dictionaryTest(
  ring: FlowRing,
  side: DictionarySide,
  clauses: readonly Clause[],
  decide: (sequence: number) => boolean,
): BlockTest {
  const { sourceId, destinationId, nodeId } = ring.columns;
  const ids = side === 'source' ? sourceId : side === 'destination' ? destinationId : nodeId;
  const dictionary: GenerationDictionary = side === 'node' ? ring.nodes : ring.endpoints;
  const answers = new Answers(dictionary);
  const ask = (id: number): number => {
    const matches =
      side === 'node'
        ? askEach(ring.nodes.describe(id), (node) => clauses.every((clause) => nodeMatches(clause, node)))
        : askEach(ring.endpoints.describe(id), (end) => clauses.every((clause) => endpointMatches(clause, end)));
    return matches === undefined ? UNKNOWN : matches ? YES : NO;
  };
  const askOrDecide = (id: number, sequence: number): number => {
    const answer = ask(id);
    if (answer === UNKNOWN) return decide(sequence) ? YES : NO;
    answers.set(id, answer);
    return answer;
  };
  return ({ sequence, slot, count }, marks, before) => {
    const isSparse = before < count * SPARSE_SHARE;
    let left = 0;
    answers.forgetRecycled();
    const { oldestId } = dictionary;
    const { words, mask } = answers;
    for (let i = 0; i < count; i++) {
      const mark = marks[i] as number;
      if (isSparse && mark === 0) continue;
      const id = ids[slot + i] as number;
      const index = id & mask;
      let answer = ((words[index >>> 4] as number) >>> ((index & 15) << 1)) & 3;
      // An answer of a slot is that of the id that has it now, so of none that was forgotten before.
      if (mark === 1 && (answer === UNKNOWN || (id - oldestId) >>> 0 > mask)) answer = askOrDecide(id, sequence + i);
      marks[i] = mark & answer;
      left += mark & answer;
    }
    return left;
  };
}

/** Two bits for every slot of a dictionary; forgotten when the slot's generation is. */
class Answers {
  readonly #dictionary: GenerationDictionary;
  readonly words: Uint32Array;
  /** An id anded with this is its slot. */
  readonly mask: number;
  #rotations: number;

  constructor(dictionary: GenerationDictionary) {
    this.#dictionary = dictionary;
    this.words = new Uint32Array(Math.ceil(dictionary.slots / 16));
    this.mask = dictionary.slots - 1;
    this.#rotations = dictionary.rotations;
  }

  set(id: number, answer: number): void {
    const index = id & this.mask;
    this.words[index >>> 4] = (this.words[index >>> 4] as number) | (answer << ((index & 15) << 1));
  }

  /** A generation that was forgotten gave its slots to the young one, which may be much younger than the answers. */
  forgetRecycled(): void {
    const missed = this.#dictionary.rotations - this.#rotations;
    if (missed === 0) return;
    this.#rotations = this.#dictionary.rotations;
    const slots = this.#dictionary.idsPerGeneration;
    if (missed > 1 || slots < 16) this.words.fill(0);
    else this.words.fill(0, this.#dictionary.youngSlot >>> 4, (this.#dictionary.youngSlot + slots) >>> 4);
  }
}

function askEach<T>(description: T | undefined, test: (description: T) => boolean): boolean | undefined {
  return description === undefined ? undefined : test(description);
}

function endpointMatches(clause: Clause, end: EndpointDescription): boolean {
  switch (clause.on) {
    case 'endpoint':
      return clause.test(end.endpoint);
    case 'address':
      return clause.test(end.ip);
    case 'names':
      return clause.test(end.names);
    case 'service':
      return clause.test(end.service);
    default:
      throw new TypeError(`clause on ${clause.on} is not about an endpoint`);
  }
}

function nodeMatches(clause: Clause, node: NodeDescription): boolean {
  switch (clause.on) {
    case 'nodeName':
      return clause.test(node.name);
    case 'nodeLabels':
      return clause.test(node.labels);
    default:
      throw new TypeError(`clause on ${clause.on} is not about a node`);
  }
}
