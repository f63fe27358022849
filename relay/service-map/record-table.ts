// Records: one for each (opener, server, port, protocol, view) that was active lately. A record is a small number, so
// that buckets can hold its counters in arrays. Lookup compares numbers and allocates nothing.

import type { MeshKind } from '#proto/gen/parallax/v1/flow_details.ts';
import type { MapEnd } from './map-end.ts';

/** Where and how an observation was made. Two views of one connection are never added up. */
export interface View {
  /** Values of flow.TrafficDirection: 1 the server's node, 2 the opener's node, 0 a proxy or a socket. */
  readonly direction: number;
  readonly node: number;
  /** Event type and sub-type, and REPLY_POINTS for a reply: a node may see one packet at several points. */
  readonly point: number;
  readonly isReply: boolean;
  readonly isL7: boolean;
  readonly isAccessLog: boolean;
}

export interface MapRecord {
  readonly opener: MapEnd;
  readonly server: MapEnd;
  readonly port: number;
  /** Field number in flow.Layer4. */
  readonly protocol: number;
  readonly view: View;
  /** "HTTP", "DNS", "redis" ...; empty until an L7 flow told. */
  l7Protocol: string;
  /** Bucket in which it was first active since it was last forgotten. */
  firstBucket: number;
  lastBucket: number;
  /** Of the proxy whose log told last; 0 until one did. */
  mesh: MeshKind;
  /** By drop reason; absent until one was dropped. */
  dropSpans: Map<number, DropSpan> | undefined;
}

/** Unix milliseconds of the first and the last drop of a row without a pause longer than the longest window. */
export interface DropSpan {
  firstMs: number;
  lastMs: number;
}

/** Added to the points of replies: a node sees the two ways of one connection at different points. */
export const REPLY_POINTS = 65_536;
const NONE = -1;
/** Part of the table kept for records between "other" of namespaces. */
const OTHERS_SHARE = 1 / 16;
/** Numbers of a key, compared one by one. */
const KEY = 5;

export class RecordTable {
  readonly maxRecords: number;
  readonly #heads: Int32Array;
  readonly #next: Int32Array;
  readonly #keys: Float64Array;
  readonly #records: (MapRecord | undefined)[] = [];
  readonly #free: number[] = [];
  #size = 0;

  /** @param maxRecords a power of two */
  constructor(maxRecords: number) {
    this.maxRecords = maxRecords;
    this.#heads = new Int32Array(maxRecords * 2).fill(NONE);
    this.#next = new Int32Array(maxRecords);
    this.#keys = new Float64Array(maxRecords * KEY);
  }

  get size(): number {
    return this.#size;
  }

  at(index: number): MapRecord | undefined {
    return this.#records[index];
  }

  /** The record between "other" of two namespaces. @returns -1 when it is new and there is no room even for it */
  findOther(opener: MapEnd, server: MapEnd, direction: number, isL7: boolean, isAccessLog: boolean): number {
    return this.#find(opener, server, 0, 0, direction, 0, 0, isL7, isAccessLog, this.maxRecords);
  }

  /** @returns the record's number, or -1 when it is new and the table is full: see findOther */
  find(
    opener: MapEnd,
    server: MapEnd,
    port: number,
    protocol: number,
    direction: number,
    node: number,
    point: number,
    isL7: boolean,
    isAccessLog: boolean,
  ): number {
    const limit = this.maxRecords * (1 - OTHERS_SHARE);
    return this.#find(opener, server, port, protocol, direction, node, point, isL7, isAccessLog, limit);
  }

  #find(
    opener: MapEnd,
    server: MapEnd,
    port: number,
    protocol: number,
    direction: number,
    node: number,
    point: number,
    isL7: boolean,
    isAccessLog: boolean,
    limit: number,
  ): number {
    const place = protocol * 65536 + port;
    const view = ((point * 4 + direction) * 2 + (isL7 ? 1 : 0)) * 2 + (isAccessLog ? 1 : 0);
    let hash = Math.imul(opener.serial ^ Math.imul(server.serial, 0x85ebca6b), 0x9e3779b1);
    hash = Math.imul(hash ^ place ^ (hash >>> 15), 0xc2b2ae35);
    hash = Math.imul(hash ^ view ^ Math.imul(node, 0x27d4eb2f), 0x85ebca6b);
    const slot = (hash ^ (hash >>> 13)) & (this.#heads.length - 1);
    const keys = this.#keys;
    for (let index = this.#heads[slot] as number; index !== NONE; index = this.#next[index] as number) {
      const key = index * KEY;
      if (
        keys[key] === opener.serial &&
        keys[key + 1] === server.serial &&
        keys[key + 2] === place &&
        keys[key + 3] === view &&
        keys[key + 4] === node
      )
        return index;
    }
    if (this.#size >= limit) return NONE;
    const index = this.#free.pop() ?? this.#records.length;
    keys.set([opener.serial, server.serial, place, view, node], index * KEY);
    this.#next[index] = this.#heads[slot] as number;
    this.#heads[slot] = index;
    const made: View = { direction, node, point, isReply: point >= REPLY_POINTS, isL7, isAccessLog };
    const ends = { opener, server, port, protocol };
    this.#records[index] = {
      ...ends,
      view: made,
      l7Protocol: '',
      mesh: 0,
      firstBucket: 0,
      lastBucket: 0,
      dropSpans: undefined,
    };
    this.#size += 1;
    return index;
  }

  /** Forgets records whose last bucket is before `bucket`, and so has no row in any bucket that is kept. */
  forgetBefore(bucket: number): void {
    for (let slot = 0; slot < this.#heads.length; slot += 1) {
      let previous = NONE;
      for (let index = this.#heads[slot] as number; index !== NONE; ) {
        const next = this.#next[index] as number;
        if ((this.#records[index] as MapRecord).lastBucket >= bucket) previous = index;
        else {
          if (previous === NONE) this.#heads[slot] = next;
          else this.#next[previous] = next;
          this.#records[index] = undefined;
          this.#free.push(index);
          this.#size -= 1;
        }
        index = next;
      }
    }
  }
}
