// Gives equal keys the same small number, in constant memory. Keys live in two generations: when the young one is full,
// the old one is forgotten whole and the young one becomes old. A key that is used again is found in the old one and moved
// to the young, so what is in use stays, and what is no longer used costs nothing to throw away.
//
// The bound: 2 * (idsPerGeneration * 16 bytes + keyBytesPerGeneration). At the bound ids of the oldest keys stop being
// live: keyOf() answers undefined, and whoever needs the key reads the message it came from.

import type { EndpointParts } from './endpoint-parts.ts';

/** The id of a key that was not interned because it is too large or its hash collides too often. Never live. */
export const NOT_INTERNED = 0;

/** A key's share of a generation's bytes may not exceed this part, or a few keys could push out all others. */
const LARGEST_KEY_SHARE = 1 / 256;
/** Longer chains of colliding hashes than this are not followed, so that a sender of colliding keys cannot slow intake. */
const MAX_PROBES = 64;
/** Before each part stand its kind (1 byte) and its length (3 bytes, little endian). */
const PART_HEADER_BYTES = 4;

interface Generation {
  /** Number of the generation times ids per generation, modulo 2^32; ids are base + 1 ... base + count. */
  base: number;
  count: number;
  usedBytes: number;
  readonly bytes: Uint8Array;
  /** Start of each key by local number; the end is the next one's start. */
  readonly starts: Uint32Array;
  readonly hashes: Uint32Array;
  /** Open addressing: local number of a key, 0 for free. */
  readonly table: Uint32Array;
}

export class GenerationDictionary {
  readonly idsPerGeneration: number;
  readonly keyBytesPerGeneration: number;
  readonly #largestKey: number;
  readonly #seed: number;
  #young: Generation;
  #old: Generation;
  #rotations = 0;
  #refused = 0;

  /**
   * @param idsPerGeneration a power of two; one less is the number of keys
   * @param seed makes hashes of this dictionary unpredictable to senders
   */
  constructor(idsPerGeneration: number, keyBytesPerGeneration: number, seed: number) {
    if (idsPerGeneration < 2 || (idsPerGeneration & (idsPerGeneration - 1)) !== 0) {
      throw new RangeError(`idsPerGeneration must be a power of two, not ${idsPerGeneration}`);
    }
    this.idsPerGeneration = idsPerGeneration;
    this.keyBytesPerGeneration = keyBytesPerGeneration;
    this.#largestKey = Math.floor(keyBytesPerGeneration * LARGEST_KEY_SHARE);
    this.#seed = seed | 0;
    this.#old = emptyGeneration(idsPerGeneration, keyBytesPerGeneration, 0);
    this.#young = emptyGeneration(idsPerGeneration, keyBytesPerGeneration, idsPerGeneration);
  }

  /** How often a generation was forgotten. */
  get rotations(): number {
    return this.#rotations;
  }

  /** Keys that were not interned: too large, too many parts or too many collisions. */
  get refused(): number {
    return this.#refused;
  }

  /** Keys held, those that moved from old to young counted twice. */
  get size(): number {
    return this.#young.count + this.#old.count;
  }

  get usedBytes(): number {
    return this.#young.usedBytes + this.#old.usedBytes;
  }

  get capacityBytes(): number {
    return 2 * (this.idsPerGeneration * 16 + this.keyBytesPerGeneration);
  }

  /** Ids are in [1, 2^32); id modulo this is a slot that no other live id has. */
  get slots(): number {
    return 2 * this.idsPerGeneration;
  }

  isLive(id: number): boolean {
    return this.#generationOf(id) !== undefined;
  }

  /** The id of the key that `parts` of `source` make; NOT_INTERNED where it is refused. */
  intern(source: Uint8Array, parts: EndpointParts): number {
    let length = 0;
    for (let i = 0; i < parts.count; i++) {
      length += PART_HEADER_BYTES + (parts.ends[i] as number) - (parts.starts[i] as number);
    }
    if (parts.overflowed || length > this.#largestKey) {
      this.#refused++;
      return NOT_INTERNED;
    }
    const hash = hashParts(source, parts, this.#seed);
    const young = find(this.#young, hash, source, parts, length);
    if (young > 0) return (this.#young.base + young) >>> 0;
    if (young < 0) {
      this.#refused++;
      return NOT_INTERNED;
    }
    return this.#insert(hash, source, parts, length);
  }

  /** The key of a live id as [kind, content] parts; views that are valid until the next intern(). */
  *partsOf(id: number): Generator<{ kind: number; content: Uint8Array }> {
    const generation = this.#generationOf(id);
    if (generation === undefined) return;
    const local = (id - generation.base) >>> 0;
    let position = generation.starts[local] as number;
    const end = generation.starts[local + 1] as number;
    const bytes = generation.bytes;
    while (position < end) {
      const header = word(bytes, position);
      position += PART_HEADER_BYTES;
      const contentEnd = position + (header >>> 8);
      yield { kind: header & 0xff, content: bytes.subarray(position, contentEnd) };
      position = contentEnd;
    }
  }

  #generationOf(id: number): Generation | undefined {
    for (const generation of [this.#young, this.#old]) {
      const local = (id - generation.base) >>> 0;
      if (local > 0 && local <= generation.count) return generation;
    }
    return undefined;
  }

  #insert(hash: number, source: Uint8Array, parts: EndpointParts, length: number): number {
    let generation = this.#young;
    if (generation.count + 1 >= this.idsPerGeneration || generation.usedBytes + length > this.keyBytesPerGeneration) {
      this.#rotate();
      generation = this.#young;
    }
    const local = ++generation.count;
    const bytes = generation.bytes;
    let position = generation.usedBytes;
    for (let i = 0; i < parts.count; i++) {
      const start = parts.starts[i] as number;
      const end = parts.ends[i] as number;
      const partLength = end - start;
      bytes[position] = parts.kinds[i] as number;
      bytes[position + 1] = partLength;
      bytes[position + 2] = partLength >>> 8;
      bytes[position + 3] = partLength >>> 16;
      position += PART_HEADER_BYTES;
      for (let from = start; from < end; from++) bytes[position++] = source[from] as number;
    }
    generation.usedBytes = position;
    generation.starts[local + 1] = position;
    generation.hashes[local] = hash;
    const mask = generation.table.length - 1;
    let slot = hash & mask;
    while (generation.table[slot] !== 0) slot = (slot + 1) & mask;
    generation.table[slot] = local;
    return (generation.base + local) >>> 0;
  }

  #rotate(): void {
    const recycled = this.#old;
    this.#old = this.#young;
    recycled.base = (this.#young.base + this.idsPerGeneration) >>> 0;
    recycled.count = 0;
    recycled.usedBytes = 0;
    recycled.starts[1] = 0;
    recycled.table.fill(0);
    this.#young = recycled;
    this.#rotations++;
  }
}

function emptyGeneration(ids: number, keyBytes: number, base: number): Generation {
  return {
    base,
    count: 0,
    usedBytes: 0,
    bytes: new Uint8Array(keyBytes),
    starts: new Uint32Array(ids + 1),
    hashes: new Uint32Array(ids),
    table: new Uint32Array(ids * 2),
  };
}

/** The local number of the key in the generation; 0 if it is not there; -1 if the search was given up. */
function find(generation: Generation, hash: number, source: Uint8Array, parts: EndpointParts, length: number): number {
  const mask = generation.table.length - 1;
  let slot = hash & mask;
  for (let probe = 0; probe < MAX_PROBES; probe++) {
    const local = generation.table[slot] as number;
    if (local === 0) return 0;
    if (generation.hashes[local] === hash && hasKey(generation, local, source, parts, length)) return local;
    slot = (slot + 1) & mask;
  }
  return -1;
}

function hasKey(generation: Generation, local: number, source: Uint8Array, parts: EndpointParts, length: number) {
  let position = generation.starts[local] as number;
  if ((generation.starts[local + 1] as number) - position !== length) return false;
  const bytes = generation.bytes;
  for (let i = 0; i < parts.count; i++) {
    const start = parts.starts[i] as number;
    const end = parts.ends[i] as number;
    if (word(bytes, position) !== partHeader(parts.kinds[i] as number, end - start)) return false;
    position += PART_HEADER_BYTES;
    for (let from = start; from < end; from++) {
      if (bytes[position++] !== source[from]) return false;
    }
  }
  return true;
}

function partHeader(kind: number, length: number): number {
  return (kind | (length << 8)) >>> 0;
}

function word(bytes: Uint8Array, position: number): number {
  return (
    ((bytes[position] as number) |
      ((bytes[position + 1] as number) << 8) |
      ((bytes[position + 2] as number) << 16) |
      ((bytes[position + 3] as number) << 24)) >>>
    0
  );
}

/** Multiply and rotate over 32-bit words, finished as in MurmurHash3: quick, and well spread for keys alike but for a digit. */
function hashParts(source: Uint8Array, parts: EndpointParts, seed: number): number {
  let hash = seed;
  for (let i = 0; i < parts.count; i++) {
    const end = parts.ends[i] as number;
    let position = parts.starts[i] as number;
    hash = Math.imul(hash ^ partHeader(parts.kinds[i] as number, end - position), 0x9e3779b1);
    for (; position + 4 <= end; position += 4) {
      const value =
        (source[position] as number) |
        ((source[position + 1] as number) << 8) |
        ((source[position + 2] as number) << 16) |
        ((source[position + 3] as number) << 24);
      hash = Math.imul(hash ^ value, 0x85ebca6b);
      hash = (hash << 13) | (hash >>> 19);
    }
    for (; position < end; position++) hash = Math.imul(hash ^ (source[position] as number), 0xc2b2ae35);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
