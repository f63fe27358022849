// Gives equal keys the same small number, in constant memory. Keys live in two generations: when the young one is full,
// the old one is forgotten whole and the young one becomes old. A key that is used again is found in the old one and moved
// to the young, so what is in use stays, and what is no longer used costs nothing to throw away.
//
// The bound: 2 * (idsPerGeneration * 36 bytes + keyBytesPerGeneration). At the bound ids of the oldest keys stop being
// live: keyOf() answers undefined, and whoever needs the key reads the message it came from.

import type { EndpointParts } from './endpoint-parts.ts';

/** The id of a key that was not interned because it is too large or its hash collides too often. Never live. */
export const NOT_INTERNED = 0;

/** A key's share of a generation's bytes may not exceed this part, or a few keys could push out all others. */
const LARGEST_KEY_SHARE = 1 / 256;
/** Longer chains of colliding hashes than this are not followed, so that a sender of colliding keys cannot slow intake. */
const MAX_PROBES = 64;
/** Bytes of a part's start and end that its hash is made of. */
const HASHED_AT_START = 16;
const HASHED_AT_END = 64;
/** Numbers of an entry of the table: hash, local number (0 where the entry is free), start and length of the key. */
const ENTRY = 4;
/** Entries for each id, so that the table is at most half full. */
const ENTRIES_PER_ID = 2;
/** Of the table, and of `starts`. */
const BYTES_PER_ID = ENTRIES_PER_ID * ENTRY * 4 + 4;
/** Before each part stand its kind (1 byte) and its length (3 bytes, little endian). */
const PART_HEADER_BYTES = 4;

interface Generation {
  /** Number of the generation times ids per generation, modulo 2^32; ids are base + 1 ... base + count. */
  base: number;
  count: number;
  usedBytes: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Start of each key by local number; the end is the next one's start. */
  readonly starts: Uint32Array;
  /**
   * Open addressing: entries of ENTRY numbers. With all that a search asks in one entry, it takes one line of the cache and
   * those of the key, where separate arrays took one each: with 50,000 keys nearly all of them missed.
   */
  readonly table: Int32Array;
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
    return 2 * (this.idsPerGeneration * BYTES_PER_ID + this.keyBytesPerGeneration);
  }

  /** Ids are in [1, 2^32); id modulo this is a slot that no other live id has. */
  get slots(): number {
    return 2 * this.idsPerGeneration;
  }

  /** The slot after which the young generation's ids begin: 0 or idsPerGeneration. */
  get youngSlot(): number {
    return this.#young.base & (this.slots - 1);
  }

  /** Ids given out before this one are not live; those from it on are, `slots` of them at most. */
  get oldestId(): number {
    return (this.#old.base + 1) >>> 0;
  }

  isLive(id: number): boolean {
    const young = (id - this.#young.base) >>> 0;
    if (young > 0 && young <= this.#young.count) return true;
    const old = (id - this.#old.base) >>> 0;
    return old > 0 && old <= this.#old.count;
  }

  /**
   * The id of the key that `parts` make; NOT_INTERNED where it is refused.
   * @param base is added to the offsets of the parts
   */
  intern(source: DataView, base: number, parts: EndpointParts): number {
    let length = 0;
    for (let i = 0; i < parts.count; i++) {
      length += PART_HEADER_BYTES + (parts.ends[i] as number) - (parts.starts[i] as number);
    }
    if (parts.overflowed || length > this.#largestKey) {
      this.#refused++;
      return NOT_INTERNED;
    }
    const hash = hashParts(source, base, parts, this.#seed);
    const young = find(this.#young, hash, source, base, parts, length);
    if (young > 0) return (this.#young.base + young) >>> 0;
    if (young < 0) {
      this.#refused++;
      return NOT_INTERNED;
    }
    return this.#insert(hash, source, base, parts, length);
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
      const header = generation.view.getUint32(position, true);
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

  #insert(hash: number, source: DataView, base: number, parts: EndpointParts, length: number): number {
    let generation = this.#young;
    if (generation.count + 1 >= this.idsPerGeneration || generation.usedBytes + length > this.keyBytesPerGeneration) {
      this.#rotate();
      generation = this.#young;
    }
    const local = ++generation.count;
    const view = generation.view;
    let position = generation.usedBytes;
    for (let i = 0; i < parts.count; i++) {
      const start = base + (parts.starts[i] as number);
      const partLength = base + (parts.ends[i] as number) - start;
      view.setInt32(position, partHeader(parts.kinds[i] as number, partLength), true);
      position += PART_HEADER_BYTES;
      copy(source, start, view, position, partLength);
      position += partLength;
    }
    const table = generation.table;
    const mask = table.length / ENTRY - 1;
    let entry = hash & mask;
    while (table[entry * ENTRY + 1] !== 0) entry = (entry + 1) & mask;
    table[entry * ENTRY] = hash;
    table[entry * ENTRY + 1] = local;
    table[entry * ENTRY + 2] = generation.usedBytes;
    table[entry * ENTRY + 3] = length;
    generation.usedBytes = position;
    generation.starts[local + 1] = position;
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
  const bytes = new Uint8Array(keyBytes);
  return {
    base,
    count: 0,
    usedBytes: 0,
    bytes,
    view: new DataView(bytes.buffer),
    starts: new Uint32Array(ids + 1),
    table: new Int32Array(ids * ENTRIES_PER_ID * ENTRY),
  };
}

/** The local number of the key in the generation; 0 if it is not there; -1 if the search was given up. */
function find(
  generation: Generation,
  hash: number,
  source: DataView,
  base: number,
  parts: EndpointParts,
  length: number,
): number {
  const table = generation.table;
  const mask = table.length / ENTRY - 1;
  let entry = hash & mask;
  for (let probe = 0; probe < MAX_PROBES; probe++) {
    const at = entry * ENTRY;
    const local = table[at + 1] as number;
    if (local === 0) return 0;
    if (table[at] === hash && table[at + 3] === length) {
      if (isKey(generation.view, table[at + 2] as number, source, base, parts)) return local;
    }
    entry = (entry + 1) & mask;
  }
  return -1;
}

/** True if the parts are the key of the same length that starts at `start`. */
function isKey(view: DataView, start: number, source: DataView, base: number, parts: EndpointParts): boolean {
  let position = start;
  for (let i = 0; i < parts.count; i++) {
    const from = base + (parts.starts[i] as number);
    const partLength = base + (parts.ends[i] as number) - from;
    if (view.getInt32(position, true) !== partHeader(parts.kinds[i] as number, partLength)) return false;
    position += PART_HEADER_BYTES;
    if (!isEqual(source, from, view, position, partLength)) return false;
    position += partLength;
  }
  return true;
}

function partHeader(kind: number, length: number): number {
  return kind | (length << 8);
}

/** Four bytes at a time: calling into the engine's own copy or compare costs more than a few hundred bytes do. */
function copy(source: DataView, from: number, target: DataView, to: number, length: number): void {
  let i = 0;
  for (; i + 4 <= length; i += 4) target.setInt32(to + i, source.getInt32(from + i));
  for (; i < length; i++) target.setUint8(to + i, source.getUint8(from + i));
}

/**
 * Eight bytes at a time as doubles. Different doubles are different bytes, but for NaN, which differs from itself; equal
 * doubles are equal bytes, but for the two zeros. Those are looked at again as integers.
 */
function isEqual(left: DataView, leftStart: number, right: DataView, rightStart: number, length: number): boolean {
  let i = 0;
  for (; i + 8 <= length; i += 8) {
    const double = left.getFloat64(leftStart + i, true);
    if (double === right.getFloat64(rightStart + i, true) && double !== 0) continue;
    if (left.getInt32(leftStart + i, true) !== right.getInt32(rightStart + i, true)) return false;
    if (left.getInt32(leftStart + i + 4, true) !== right.getInt32(rightStart + i + 4, true)) return false;
  }
  for (; i < length; i++) {
    if (left.getUint8(leftStart + i) !== right.getUint8(rightStart + i)) return false;
  }
  return true;
}

/**
 * Multiply and rotate over 32-bit words, finished as in MurmurHash3. Of a long part only the ends are hashed: identity and
 * namespace stand first in an Endpoint, pod name and workload last, and the labels between follow from them. Keys that
 * differ in between alone share a chain, which MAX_PROBES bounds.
 */
function hashParts(source: DataView, base: number, parts: EndpointParts, seed: number): number {
  let hash = seed;
  for (let i = 0; i < parts.count; i++) {
    const start = base + (parts.starts[i] as number);
    const end = base + (parts.ends[i] as number);
    hash = Math.imul(hash ^ partHeader(parts.kinds[i] as number, end - start), 0x9e3779b1);
    if (end - start <= HASHED_AT_START + HASHED_AT_END) hash = hashRange(source, start, end, hash);
    else {
      hash = hashRange(source, start, start + HASHED_AT_START, hash);
      hash = hashRange(source, end - HASHED_AT_END, end, hash);
    }
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** Two words at a time, each in a chain of its own, so that the multiplications overlap. */
function hashRange(source: DataView, start: number, end: number, seed: number): number {
  let hash = seed;
  let other = ~seed;
  let position = start;
  for (; position + 8 <= end; position += 8) {
    hash = Math.imul(hash ^ source.getInt32(position, true), 0x85ebca6b);
    other = Math.imul(other ^ source.getInt32(position + 4, true), 0xc2b2ae35);
    hash = (hash << 13) | (hash >>> 19);
    other = (other << 15) | (other >>> 17);
  }
  hash ^= Math.imul(other, 0x27d4eb2f);
  for (; position < end; position++) hash = Math.imul(hash ^ source.getUint8(position), 0xc2b2ae35);
  return hash;
}
