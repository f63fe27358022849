// The two ends of a connection and its id, found by the kernel's bytes: text is made of them once for a connection, and not
// for each of its records. A cache and no more: at its bound it starts anew.

import { readAddress } from './addresses.ts';
import type { SocketAddress, TransportProtocol } from './kernel-record.ts';

/** 65,536 connections at about 250 bytes: 16 MB, if a node has so many. */
const MAX_CONNECTIONS = 65_536;
const FIRST_KEYS = 1024;
const ADDRESS_WORDS = 4;
/** Two addresses, the two ports in one word, the protocol. */
const KEY_WORDS = 2 * ADDRESS_WORDS + 2;

export interface ConnectionEnds {
  readonly id: string;
  /** In the order of their bytes. */
  readonly ends: readonly [SocketAddress, SocketAddress];
}

interface Entry extends ConnectionEnds {
  /** Of its words among all keys. */
  readonly keyAt: number;
  /** Another connection with the same hash. */
  readonly next: Entry | undefined;
}

/** The same for both directions: the two ends in text order. */
export function connectionId(protocol: TransportProtocol, one: SocketAddress, other: SocketAddress): string {
  const first = `${one.address}|${one.port}`;
  const second = `${other.address}|${other.port}`;
  return first < second ? `${protocol}|${first}|${second}` : `${protocol}|${second}|${first}`;
}

export class ConnectionIds {
  readonly #byHash = new Map<number, Entry>();
  readonly #key = new Int32Array(KEY_WORDS);
  /** In one block: a small array of its own for each is four times as large. */
  #keys = new Int32Array(FIRST_KEYS * KEY_WORDS);
  #entries = 0;
  /** Of the latest find(): the end that was given first is the second in the order of their bytes. */
  isTurned = false;

  /** Ends whose addresses are 16 bytes each at two offsets, in either order. `number` and `protocol`: of the protocol, and its name. */
  find(
    view: DataView,
    oneAt: number,
    onePort: number,
    otherAt: number,
    otherPort: number,
    number: number,
    protocol: TransportProtocol,
  ): ConnectionEnds {
    this.isTurned = isAfter(view, oneAt, onePort, otherAt, otherPort);
    const [firstAt, secondAt] = this.isTurned ? [otherAt, oneAt] : [oneAt, otherAt];
    const [firstPort, secondPort] = this.isTurned ? [otherPort, onePort] : [onePort, otherPort];
    const key = this.#key;
    let hash = number;
    for (let i = 0; i < ADDRESS_WORDS; i++) {
      const first = view.getInt32(firstAt + 4 * i, true);
      const second = view.getInt32(secondAt + 4 * i, true);
      key[i] = first;
      key[ADDRESS_WORDS + i] = second;
      hash = mix(mix(hash, first), second);
    }
    const ports = (firstPort << 16) | secondPort;
    key[2 * ADDRESS_WORDS] = ports;
    key[2 * ADDRESS_WORDS + 1] = number;
    hash = mix(hash, ports);
    const chain = this.#byHash.get(hash);
    for (let entry = chain; entry !== undefined; entry = entry.next) if (this.#isSame(entry.keyAt)) return entry;
    const first = { address: readAddress(view, firstAt), port: firstPort };
    const second = { address: readAddress(view, secondAt), port: secondPort };
    const id = connectionId(protocol, first, second);
    const isFull = this.#entries >= MAX_CONNECTIONS;
    if (isFull) {
      this.#byHash.clear();
      this.#entries = 0;
    }
    const entry: Entry = { id, ends: [first, second], keyAt: this.#keep(key), next: isFull ? undefined : chain };
    this.#byHash.set(hash, entry);
    return entry;
  }

  /** Returns where the key lies now. */
  #keep(key: Int32Array): number {
    const keyAt = this.#entries++ * KEY_WORDS;
    if (keyAt === this.#keys.length) {
      const keys = new Int32Array(2 * keyAt);
      keys.set(this.#keys);
      this.#keys = keys;
    }
    this.#keys.set(key, keyAt);
    return keyAt;
  }

  #isSame(keyAt: number): boolean {
    const keys = this.#keys;
    const key = this.#key;
    for (let i = 0; i < KEY_WORDS; i++) if (key[i] !== keys[keyAt + i]) return false;
    return true;
  }
}

function isAfter(view: DataView, oneAt: number, onePort: number, otherAt: number, otherPort: number): boolean {
  for (let i = 0; i < ADDRESS_WORDS; i++) {
    const one = view.getUint32(oneAt + 4 * i);
    const other = view.getUint32(otherAt + 4 * i);
    if (one !== other) return one > other;
  }
  return onePort > otherPort;
}

/** A step of MurmurHash3. */
function mix(hash: number, word: number): number {
  const scrambled = Math.imul(word, 0xcc9e2d51);
  const mixed = hash ^ Math.imul((scrambled << 15) | (scrambled >>> 17), 0x1b873593);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}
