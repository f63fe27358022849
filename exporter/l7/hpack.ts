// A passive HPACK decoder (RFC 7541): it watches header blocks that were meant for somebody else. Unlike a receiver's
// decoder it must live with blocks it never saw. Dynamic indices count from the newest entry, so entries seen since the
// last gap are right, and an index beyond them names an entry of before: such a field is left out and counted.
import { HUFFMAN_LENGTHS, STATIC_TABLE } from './hpack-tables.ts';
import { latin1 } from './latin1.ts';

/**
 * Ours per direction, whatever the peers agreed on: they use 4096 bytes unless told otherwise. An entry that we evict and
 * they still use becomes an unknown field, never a wrong one.
 */
export const MAX_TABLE_BYTES = 16 * 1024;
/** RFC 7541 section 4.1. */
const ENTRY_OVERHEAD = 32;
const MAX_FIELDS = 128;

export interface HeaderField {
  readonly name: string;
  readonly value: string;
}

export interface HeaderBlock {
  readonly fields: readonly HeaderField[];
  /** Fields that named an entry we do not have. */
  readonly unknown: number;
  /** False if the block was cut or broken: the dynamic table is then empty again. */
  readonly intact: boolean;
}

interface Entry {
  readonly name: string | undefined;
  readonly value: string;
  readonly bytes: number;
}

export class HpackDecoder {
  /** Oldest first, so that index 62 is the last. */
  private entries: Entry[] = [];
  private tableBytes = 0;
  private limitBytes = MAX_TABLE_BYTES;

  /** Of the table, as RFC 7541 section 4.1 counts them. */
  get bytes(): number {
    return this.tableBytes;
  }

  /** Must be called when a block was missed: what was inserted before has now an unknown index. */
  forget(): void {
    this.entries = [];
    this.tableBytes = 0;
    // A missed block may have changed the limit, and evicting too early is harmless here only if we never trust more.
    this.limitBytes = MAX_TABLE_BYTES;
  }

  /** Decodes one block in the order of the wire. With `complete` false, decodes what is there and forgets. */
  decode(block: Uint8Array, complete = true): HeaderBlock {
    const reader = new BlockReader(block);
    const fields: HeaderField[] = [];
    let unknown = 0;
    let intact = complete;
    while (!reader.atEnd()) {
      const field = this.readField(reader);
      if (field === 'broken') {
        intact = false;
        break;
      }
      if (field === 'resized') continue;
      if (field.name === undefined) unknown++;
      else if (fields.length < MAX_FIELDS) fields.push({ name: field.name, value: field.value });
      else unknown++;
    }
    if (!intact) this.forget();
    return { fields, unknown, intact };
  }

  private readField(reader: BlockReader): { name: string | undefined; value: string } | 'resized' | 'broken' {
    const first = reader.peek();
    if (first >= 0x80) {
      const index = reader.integer(7);
      return index === undefined || index === 0 ? 'broken' : (this.entry(index) ?? { name: undefined, value: '' });
    }
    if (first >= 0x20 && first < 0x40) {
      const limit = reader.integer(5);
      if (limit === undefined) return 'broken';
      this.limitBytes = Math.min(limit, MAX_TABLE_BYTES);
      this.evict();
      return 'resized';
    }
    const indexed = first >= 0x40;
    const nameIndex = reader.integer(indexed ? 6 : 4);
    if (nameIndex === undefined) return 'broken';
    const name = nameIndex === 0 ? reader.string()?.toLowerCase() : this.entry(nameIndex)?.name;
    if (nameIndex === 0 && name === undefined) return 'broken';
    const value = reader.string();
    if (value === undefined) return 'broken';
    if (indexed) this.insert(name, value);
    return { name, value };
  }

  private entry(index: number): { name: string | undefined; value: string } | undefined {
    const fixed = STATIC_TABLE[index - 1];
    return fixed
      ? { name: fixed[0], value: fixed[1] }
      : this.entries[this.entries.length - (index - STATIC_TABLE.length)];
  }

  private insert(name: string | undefined, value: string): void {
    const bytes = (name?.length ?? 0) + value.length + ENTRY_OVERHEAD;
    this.entries.push({ name, value, bytes });
    this.tableBytes += bytes;
    this.evict();
  }

  private evict(): void {
    let gone = 0;
    while (this.tableBytes > this.limitBytes && gone < this.entries.length) {
      this.tableBytes -= this.entries[gone]?.bytes ?? 0;
      gone++;
    }
    if (gone > 0) this.entries.splice(0, gone);
  }
}

class BlockReader {
  private at = 0;
  private readonly block: Uint8Array;

  constructor(block: Uint8Array) {
    this.block = block;
  }

  atEnd(): boolean {
    return this.at >= this.block.length;
  }

  peek(): number {
    return this.block[this.at] ?? 0;
  }

  /** RFC 7541 section 5.1; undefined if cut or beyond 2^28, which nothing real reaches. */
  integer(prefixBits: number): number | undefined {
    const mask = (1 << prefixBits) - 1;
    const first = this.block[this.at++];
    if (first === undefined) return undefined;
    let value = first & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      const next = this.block[this.at++];
      if (next === undefined) return undefined;
      value += (next & 0x7f) << shift;
      if (next < 0x80) return value;
    }
    return undefined;
  }

  string(): string | undefined {
    const huffman = this.peek() >= 0x80;
    const length = this.integer(7);
    if (length === undefined || this.at + length > this.block.length) return undefined;
    const start = this.at;
    this.at += length;
    return huffman ? decodeHuffman(this.block, start, this.at) : latin1(this.block, start, this.at);
  }
}

/** Binary tree in one array: node i has its children at 2i and 2i+1; a positive value is a node, a negative one ~symbol. */
const HUFFMAN_TREE = buildHuffmanTree();

function buildHuffmanTree(): Int16Array {
  const bySymbol = HUFFMAN_LENGTHS.map((length, symbol) => ({ length, symbol }));
  bySymbol.sort((left, right) => left.length - right.length || left.symbol - right.symbol);
  const tree = new Int16Array(2 * HUFFMAN_LENGTHS.length);
  let nodes = 1;
  let code = 0;
  let previousLength = 0;
  for (const { length, symbol } of bySymbol) {
    code = previousLength === 0 ? 0 : (code + 1) * 2 ** (length - previousLength);
    previousLength = length;
    let node = 0;
    for (let bit = length - 1; bit > 0; bit--) {
      const slot = 2 * node + ((code >>> bit) & 1);
      const child = tree[slot] ?? 0;
      if (child === 0) tree[slot] = nodes++;
      node = tree[slot] ?? 0;
    }
    tree[2 * node + (code & 1)] = ~symbol;
  }
  return tree;
}

/** Undefined if a code or the padding is wrong (RFC 7541 section 5.2). */
function decodeHuffman(block: Uint8Array, start: number, end: number): string | undefined {
  let text = '';
  let node = 0;
  let padding = 0;
  let paddingIsOnes = true;
  for (let i = start; i < end; i++) {
    const byte = block[i] ?? 0;
    for (let bit = 7; bit >= 0; bit--) {
      const one = (byte >> bit) & 1;
      const next = HUFFMAN_TREE[2 * node + one] ?? 0;
      padding++;
      if (one === 0) paddingIsOnes = false;
      if (next >= 0) {
        node = next;
        continue;
      }
      const symbol = ~next;
      if (symbol === 256) return undefined;
      text += String.fromCharCode(symbol);
      node = 0;
      padding = 0;
      paddingIsOnes = true;
    }
  }
  return padding < 8 && paddingIsOnes ? text : undefined;
}
