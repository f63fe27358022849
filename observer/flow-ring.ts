// The flow ring: serialised GetFlowsResponses as they came, in a slab, with columns of the fields that are asked for often.
// Memory is constant. When the slab or the columns are full the oldest messages leave. Every message has an absolute
// sequence number, counted from 0, so that a reader is a number, and knows exactly how many messages it missed.
// The ring is filled and read by one thread; nothing in it awaits.

import { COLUMN_BYTES_PER_SLOT, FlowColumns, KIND_FLOW } from './columns.ts';
import { EndpointDictionary, NodeDictionary } from './endpoint-dictionary.ts';
import { NOT_INTERNED } from './generation-dictionary.ts';
import { MessageTooLargeError } from './message-too-large.ts';
import { ResponseScanner } from './scan-response.ts';
import type { ScannedResponse } from './scanned-response.ts';
import { FRAME_PREFIX_BYTES, Slab } from './slab.ts';

const MIB = 1024 * 1024;

export interface FlowRingOptions {
  /** Bytes of messages kept. Default 256 MiB, some 300,000 flows of 800 bytes. */
  readonly capacityBytes?: number;
  /** Most messages kept, a power of two. Default: one for each 512 bytes of capacity, rounded down. */
  readonly slots?: number;
  /** Distinct endpoints in each of the two generations, a power of two. Default 131,072. */
  readonly endpointIds?: number;
  /** Bytes of endpoint keys in each generation. Default 32 MiB, 256 for each id. */
  readonly endpointKeyBytes?: number;
  /** Distinct nodes, with their labels, in each of the two generations, a power of two. Default 8192; 512 bytes each. */
  readonly nodeIds?: number;
  /** Longest a wake-up of readers is put off after an append, so that appends in a burst wake once. Default 5. */
  readonly wakeDelayMs?: number;
}

/** What happened to the messages offered so far. */
export interface FlowRingCounters {
  /** Messages taken in, of all kinds. */
  readonly appended: number;
  /** Of these, flows. */
  readonly flows: number;
  /** Messages that left because newer ones needed the room. */
  readonly overwritten: number;
  readonly malformed: number;
  readonly tooLarge: number;
}

/** Ids of the ring's dictionaries: of a flow's two ends and of its node. */
export interface FlowIds {
  readonly source: number;
  readonly destination: number;
  readonly node: number;
}

export class FlowRing {
  readonly columns: FlowColumns;
  readonly endpoints: EndpointDictionary;
  readonly nodes: NodeDictionary;
  /** A message longer than this is refused. */
  readonly maxMessageBytes: number;
  readonly #slab: Slab;
  readonly #scanner = new ResponseScanner();
  readonly #wakeDelayMs: number;
  readonly #listeners = new Set<() => void>();
  #wakeTimer: NodeJS.Timeout | undefined;
  #oldest = 0;
  #next = 0;
  #flows = 0;
  #malformed = 0;
  #tooLarge = 0;

  constructor(options: FlowRingOptions = {}) {
    const capacityBytes = options.capacityBytes ?? 256 * MIB;
    const slots = options.slots ?? 2 ** Math.max(4, Math.floor(Math.log2(capacityBytes / 512)));
    const seed = (Math.random() * 2 ** 32) | 0;
    this.#slab = new Slab(capacityBytes);
    this.columns = new FlowColumns(slots);
    this.endpoints = new EndpointDictionary(options.endpointIds ?? 131_072, options.endpointKeyBytes ?? 32 * MIB, seed);
    const nodeIds = options.nodeIds ?? 8192;
    this.nodes = new NodeDictionary(nodeIds, nodeIds * 512, seed);
    this.maxMessageBytes = Math.floor(capacityBytes / 4);
    this.#wakeDelayMs = options.wakeDelayMs ?? 5;
  }

  /** Sequence of the oldest message still here; equal to `next` when the ring is empty. */
  get oldest(): number {
    return this.#oldest;
  }

  /** Sequence that the next message will have; the number of messages ever taken in. */
  get next(): number {
    return this.#next;
  }

  get counters(): FlowRingCounters {
    return {
      appended: this.#next,
      flows: this.#flows,
      overwritten: this.#oldest,
      malformed: this.#malformed,
      tooLarge: this.#tooLarge,
    };
  }

  /** Bytes of the slab in use. */
  get usedBytes(): number {
    return this.#slab.used;
  }

  /** Bytes of messages that the slab can hold. */
  get capacityBytes(): number {
    return this.#slab.capacity;
  }

  /** All memory this ring can ever use, by arithmetic. */
  get boundBytes(): number {
    return (
      this.#slab.capacity +
      this.columns.slots * COLUMN_BYTES_PER_SLOT +
      this.endpoints.capacityBytes +
      this.nodes.capacityBytes
    );
  }

  /**
   * Copies the serialised GetFlowsResponse in bytes[start, end) in and returns its sequence.
   * @throws MalformedMessageError, MessageTooLargeError: the message is counted, the ring is unchanged
   */
  append(bytes: Uint8Array, start = 0, end = bytes.length): number {
    const length = end - start;
    if (length > this.maxMessageBytes) {
      this.#tooLarge++;
      throw new MessageTooLargeError(length, this.maxMessageBytes);
    }
    let scanned: ScannedResponse;
    try {
      scanned = this.#scanner.scan(bytes, start, end);
    } catch (error) {
      this.#malformed++;
      throw error;
    }
    const sequence = this.#take(bytes, start, end, scanned);
    const slot = sequence & this.columns.slotMask;
    this.#intern(slot, (this.columns.offset[slot] as number) + FRAME_PREFIX_BYTES - start, scanned);
    return sequence;
  }

  /**
   * Copies in a flow as append() does, without scanning it, for whoever made the message and so knows what is in it.
   * `ids`: of its ends and its node, as an earlier append() gave them and since then no dictionary has rotated.
   * @throws MessageTooLargeError: the message is counted, the ring is unchanged
   */
  appendKnown(bytes: Uint8Array, start: number, end: number, known: ScannedResponse, ids: FlowIds): number {
    if (end - start > this.maxMessageBytes) {
      this.#tooLarge++;
      throw new MessageTooLargeError(end - start, this.maxMessageBytes);
    }
    const sequence = this.#take(bytes, start, end, known);
    const { sourceId, destinationId, nodeId, slotMask } = this.columns;
    const slot = sequence & slotMask;
    sourceId[slot] = ids.source;
    destinationId[slot] = ids.destination;
    nodeId[slot] = ids.node;
    return sequence;
  }

  /** True if the message is still here. */
  has(sequence: number): boolean {
    return sequence >= this.#oldest && sequence < this.#next;
  }

  /** The slot of a sequence in every column. */
  slotOf(sequence: number): number {
    return sequence & this.columns.slotMask;
  }

  /**
   * The message's bytes: a view, valid until the next append; copy what you keep.
   * @throws RangeError if the message has left or has not come yet
   */
  messageAt(sequence: number): Uint8Array {
    const frame = this.frameAt(sequence);
    return frame.subarray(FRAME_PREFIX_BYTES);
  }

  /** The message with its gRPC length prefix before it; as messageAt otherwise. */
  frameAt(sequence: number): Uint8Array {
    if (!this.has(sequence)) {
      throw new RangeError(`no message ${sequence}: the ring holds ${this.#oldest} up to ${this.#next}`);
    }
    const slot = sequence & this.columns.slotMask;
    const offset = this.columns.offset[slot] as number;
    return this.#slab.bytes.subarray(offset, offset + FRAME_PREFIX_BYTES + (this.columns.length[slot] as number));
  }

  /**
   * Copies the frames of sequences [from, to) to `target` at `position` and returns the position after them.
   * Neighbours lie side by side, so this is one copy, or two where the run goes round the slab's end.
   */
  copyFrames(from: number, to: number, target: Uint8Array, position: number): number {
    const { offset, length, slotMask } = this.columns;
    let at = position;
    let run = from;
    while (run < to) {
      const start = offset[run & slotMask] as number;
      let end = start;
      while (run < to && offset[run & slotMask] === end) {
        end += FRAME_PREFIX_BYTES + (length[run & slotMask] as number);
        run++;
      }
      target.set(this.#slab.bytes.subarray(start, end), at);
      at += end - start;
    }
    return at;
  }

  /** Time of the message as Unix milliseconds with a fraction; precise to about a microsecond. */
  timeMs(sequence: number): number {
    const slot = sequence & this.columns.slotMask;
    return (this.columns.timeSeconds[slot] as number) * 1000 + (this.columns.timeNanos[slot] as number) / 1e6;
  }

  /**
   * Calls `listener` soon after messages were appended: once for many, at most wakeDelayMs late.
   * @returns a function that ends it
   */
  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** All but the ids. */
  #take(bytes: Uint8Array, start: number, end: number, scanned: ScannedResponse): number {
    const length = end - start;
    this.#makeRoom(length);
    const offset = this.#slab.write(bytes, start, end);
    const sequence = this.#next++;
    this.#fill(sequence & this.columns.slotMask, offset, length, scanned);
    if (scanned.kind === KIND_FLOW) this.#flows++;
    if (this.#wakeTimer === undefined && this.#listeners.size > 0) this.#scheduleWake();
    return sequence;
  }

  #makeRoom(length: number): void {
    const { offset, slotMask, slots } = this.columns;
    if (this.#next - this.#oldest < slots && this.#slab.free >= this.#slab.needed(length)) return;
    do {
      this.#oldest++;
      if (this.#oldest === this.#next) this.#slab.clear();
      else this.#slab.release(offset[this.#oldest & slotMask] as number);
    } while (this.#next - this.#oldest >= slots || this.#slab.free < this.#slab.needed(length));
  }

  #fill(slot: number, offset: number, length: number, scanned: ScannedResponse): void {
    const columns = this.columns;
    columns.offset[slot] = offset;
    columns.length[slot] = length;
    columns.kind[slot] = scanned.kind;
    columns.timeSeconds[slot] = scanned.timeSeconds;
    columns.timeNanos[slot] = scanned.timeNanos;
    columns.verdict[slot] = scanned.verdict;
    columns.dropReason[slot] = scanned.dropReason;
    columns.direction[slot] = scanned.direction;
    columns.isReply[slot] = scanned.isReply;
    columns.hasEventType[slot] = scanned.hasEventType ? 1 : 0;
    columns.eventType[slot] = scanned.eventType;
    columns.eventSubType[slot] = scanned.eventSubType;
    columns.flowType[slot] = scanned.flowType;
    columns.ipVersion[slot] = scanned.ipVersion;
    columns.protocol[slot] = scanned.protocol;
    columns.sourcePort[slot] = scanned.sourcePort;
    columns.destinationPort[slot] = scanned.destinationPort;
    columns.tcpFlags[slot] = scanned.tcpFlags;
    columns.l7Type[slot] = scanned.l7Type;
    columns.l7Kind[slot] = scanned.l7Kind;
    columns.httpCode[slot] = scanned.httpCode;
    columns.latencyNs[slot] = scanned.latencyNs;
    columns.hasDetails[slot] = scanned.hasDetails ? 1 : 0;
    columns.reason[slot] = scanned.reason;
    columns.initiatorNewBytes[slot] = scanned.initiatorNewBytes;
    columns.responderNewBytes[slot] = scanned.responderNewBytes;
  }

  /** @param base is where the slab's copy of the message starts, less the offset the scan started at */
  #intern(slot: number, base: number, scanned: ScannedResponse): void {
    const { sourceId, destinationId, nodeId } = this.columns;
    const isFlow = scanned.kind === KIND_FLOW;
    const view = this.#slab.view;
    sourceId[slot] = isFlow ? this.endpoints.intern(view, base, scanned.source) : NOT_INTERNED;
    destinationId[slot] = isFlow ? this.endpoints.intern(view, base, scanned.destination) : NOT_INTERNED;
    nodeId[slot] = isFlow ? this.nodes.intern(view, base, scanned.node) : NOT_INTERNED;
  }

  #scheduleWake(): void {
    this.#wakeTimer = setTimeout(() => {
      this.#wakeTimer = undefined;
      for (const listener of [...this.#listeners]) listener();
    }, this.#wakeDelayMs);
    this.#wakeTimer.unref();
  }
}
