// Clauses of a filter that columns can answer. Each becomes a test over a run of slots that clears the marks of the flows
// that fail. What a clause means stays in flow/filter: here it is asked once for each value that the columns can have, and
// the answer is kept. A test makes two passes over a run, columns to keys and keys to answers: so each loop has arrays of
// one type, calls nothing, and does not branch on what it finds.

import type { Clause } from '#flow/filter/clause.ts';
import { Flow, Layer4, Layer7, TCPFlags } from '#proto/gen/flow/flow.ts';
import { type FlowColumns, HAS_TCP_FLAGS, L7_HTTP, PROTOCOL_SCTP, PROTOCOL_TCP, PROTOCOL_UDP } from './columns.ts';

/** Neighbouring messages that are looked at together: they lie in slots [slot, slot + count), which do not go round the end. */
export interface Run {
  readonly sequence: number;
  readonly slot: number;
  readonly count: number;
}

/**
 * Clears marks[i] of the flows of the run that fail; looks only at marks that are set, which are 1.
 * @param left marks that are set
 * @returns how many of them still are
 */
export type BlockTest = (run: Run, marks: Uint8Array, left: number) => number;

/** With fewer marks than this part of a run it is cheaper to look for them than to work on all. */
export const SPARSE_SHARE = 1 / 8;

/** Most messages of a run: marks, keys and the columns of one clause stay in the first cache. */
export const BLOCK = 1024;

/** Keys whose answers are kept: ports, verdicts, drop reasons, the digests below, and NO_PORT. 64 KiB a clause. */
const REMEMBERED_KEYS = 65_537;
/** Key of a flow without ports. */
const NO_PORT = 65_536;
/** Key of a flow whose columns are out of the range that is remembered: it is asked each time. */
const ANY = REMEMBERED_KEYS;

/** Anded with a mark of 1 an answer gives the mark that is left. */
const UNKNOWN = 0;
const YES = 1;
const NO = 2;

/** How one clause is decided by columns: their digest in one number, and what stands for them when the clause is asked. */
interface Digest<T> {
  /** Writes the key of each of the slots [slot, slot + count) to keys[0, count): REMEMBERED_KEYS or more where it is ANY. */
  keys(columns: FlowColumns, slot: number, count: number, keys: Uint32Array): void;
  /** What the clause is asked for that slot: a flow that has the columns of the digest alone, or the value itself. */
  value(columns: FlowColumns, slot: number): T;
}

/** @returns undefined if the columns do not answer the clause */
export function columnTest(columns: FlowColumns, clause: Clause): BlockTest | undefined {
  switch (clause.on) {
    case 'verdict':
      return byDigest(columns, verdict, clause.test);
    case 'port':
      return byDigest(columns, clause.side === 'source' ? sourcePort : destinationPort, clause.test);
    case 'flow': {
      const digest = DIGESTS.get(clause.field);
      return digest === undefined ? undefined : byDigest(columns, digest, clause.test);
    }
    default:
      return undefined;
  }
}

/** Shared by all tests: none of them calls another. */
const keys = new Uint32Array(BLOCK);

function byDigest<T>(columns: FlowColumns, digest: Digest<T>, test: (value: T) => boolean): BlockTest {
  // One more for ANY, which stays UNKNOWN.
  const answers = new Uint8Array(REMEMBERED_KEYS + 1);
  const ask = (slot: number, key: number) => {
    const answer = test(digest.value(columns, slot)) ? YES : NO;
    if (key < REMEMBERED_KEYS) answers[key] = answer;
    return answer;
  };
  return ({ slot, count }, marks, before) => {
    const isSparse = before < count * SPARSE_SHARE;
    if (!isSparse) digest.keys(columns, slot, count, keys);
    let left = 0;
    for (let i = 0; i < count; i++) {
      const mark = marks[i] as number;
      if (isSparse) {
        if (mark === 0) continue;
        digest.keys(columns, slot + i, 1, keys);
      }
      const key = keys[isSparse ? 0 : i] as number;
      let answer = answers[Math.min(key, ANY)] as number;
      if (answer === UNKNOWN && mark === 1) answer = ask(slot + i, key);
      marks[i] = mark & answer;
      left += mark & answer;
    }
    return left;
  };
}

const verdict: Digest<number> = {
  keys: ({ verdict }, slot, count, keys) => {
    // A negative value becomes a very large key.
    for (let i = 0; i < count; i++) keys[i] = verdict[slot + i] as number;
  },
  value: ({ verdict }, slot) => verdict[slot] as number,
};

/** By value of the protocol column: 1 if such a flow has ports. */
const HAS_PORTS = new Uint8Array(256);
for (const protocol of [PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOL_SCTP]) HAS_PORTS[protocol] = 1;

const sourcePort: Digest<number | undefined> = {
  keys: ({ sourcePort, protocol }, slot, count, keys) => portKeys(sourcePort, protocol, slot, count, keys),
  value: ({ sourcePort, protocol }, slot) => portOf(sourcePort, protocol, slot),
};

const destinationPort: Digest<number | undefined> = {
  keys: ({ destinationPort, protocol }, slot, count, keys) => portKeys(destinationPort, protocol, slot, count, keys),
  value: ({ destinationPort, protocol }, slot) => portOf(destinationPort, protocol, slot),
};

function portKeys(ports: Uint32Array, protocols: Uint8Array, slot: number, count: number, keys: Uint32Array): void {
  for (let i = 0; i < count; i++) {
    // Only what has ports has one that is not 0. A port beyond 16 bits is on the wire by mistake alone.
    const port = ports[slot + i] as number;
    if (port === 0) keys[i] = HAS_PORTS[protocols[slot + i] as number] === 0 ? NO_PORT : 0;
    else keys[i] = port < NO_PORT ? port : ANY;
  }
}

function portOf(ports: Uint32Array, protocols: Uint8Array, slot: number): number | undefined {
  return HAS_PORTS[protocols[slot] as number] === 0 ? undefined : (ports[slot] as number);
}

/** Packs a number of `lowBits` and another into 16 bits; ANY where one is out of its range. */
function pack(low: number, lowBits: number, high: number): number {
  return low >>> lowBits === 0 && high >>> (16 - lowBits) === 0 ? (high << lowBits) | low : ANY;
}

const reply: Digest<Flow> = {
  keys: ({ isReply, verdict }, slot, count, keys) => {
    for (let i = 0; i < count; i++) keys[i] = pack((isReply[slot + i] as number) + 1, 2, verdict[slot + i] as number);
  },
  value: (columns, slot) => {
    const flow = Flow.create();
    const isReply = columns.isReply[slot] as number;
    flow.verdict = columns.verdict[slot] as Flow['verdict'];
    flow.isReply = isReply < 0 ? undefined : isReply === 1;
    return flow;
  },
};

const eventType: Digest<Flow> = {
  keys: ({ hasEventType, eventSubType, eventType }, slot, count, keys) => {
    for (let i = 0; i < count; i++) {
      const type = 1 + (eventType[slot + i] as number);
      keys[i] = hasEventType[slot + i] === 0 ? 0 : pack(eventSubType[slot + i] as number, 8, type);
    }
  },
  value: (columns, slot) => {
    const flow = Flow.create();
    if (columns.hasEventType[slot] === 1) {
      flow.eventType = { type: columns.eventType[slot] as number, subType: columns.eventSubType[slot] as number };
    }
    return flow;
  },
};

const protocol: Digest<Flow> = {
  keys: ({ protocol, l7Kind }, slot, count, keys) => {
    for (let i = 0; i < count; i++) keys[i] = pack(protocol[slot + i] as number, 3, l7Kind[slot + i] as number);
  },
  value: (columns, slot) => {
    const flow = Flow.create();
    flow.l4 = emptyL4(columns.protocol[slot] as number);
    const kind = columns.l7Kind[slot] as number;
    // A message of one empty field: two bytes of tag, since record fields are above 15, and the length 0.
    if (kind !== 0) flow.l7 = Layer7.decode(Uint8Array.of(((kind << 3) & 0x7f) | 0x82, kind >>> 4, 0));
    return flow;
  },
};

const tcpFlags: Digest<Flow> = {
  keys: ({ protocol, tcpFlags }, slot, count, keys) => {
    for (let i = 0; i < count; i++) {
      keys[i] = protocol[slot + i] === PROTOCOL_TCP ? (tcpFlags[slot + i] as number) : HAS_TCP_FLAGS >>> 1;
    }
  },
  value: (columns, slot) => {
    const flow = Flow.create();
    flow.l4 = emptyL4(columns.protocol[slot] as number);
    const flags = columns.tcpFlags[slot] as number;
    if (flow.l4?.protocol?.$case === 'TCP' && (flags & HAS_TCP_FLAGS) !== 0) {
      flow.l4.protocol.value.flags = toTcpFlags(flags);
    }
    return flow;
  },
};

const httpStatusCode: Digest<Flow> = {
  keys: ({ l7Kind, l7Type, httpCode }, slot, count, keys) => {
    for (let i = 0; i < count; i++) {
      const code = 1 + (httpCode[slot + i] as number);
      keys[i] = l7Kind[slot + i] === L7_HTTP ? pack(l7Type[slot + i] as number, 2, code) : 0;
    }
  },
  value: (columns, slot) => {
    const flow = Flow.create();
    if (columns.l7Kind[slot] === L7_HTTP) {
      const value = { code: columns.httpCode[slot] as number, method: '', url: '', protocol: '', headers: [] };
      const type = columns.l7Type[slot] as Layer7['type'];
      flow.l7 = { type, latencyNs: 0n, record: { $case: 'http', value } };
    }
    return flow;
  },
};

/** A drop reason counts only on a dropped flow. */
const dropReason: Digest<Flow> = {
  keys: ({ verdict, dropReason }, slot, count, keys) => {
    for (let i = 0; i < count; i++) keys[i] = pack(verdict[slot + i] as number, 3, dropReason[slot + i] as number);
  },
  value: (columns, slot) => {
    const flow = Flow.create();
    flow.verdict = columns.verdict[slot] as Flow['verdict'];
    flow.dropReasonDesc = columns.dropReason[slot] as Flow['dropReasonDesc'];
    return flow;
  },
};

const direction: Digest<Flow> = {
  keys: ({ direction }, slot, count, keys) => {
    for (let i = 0; i < count; i++) keys[i] = direction[slot + i] as number;
  },
  value: (columns, slot) => {
    const flow = Flow.create();
    flow.trafficDirection = columns.direction[slot] as Flow['trafficDirection'];
    return flow;
  },
};

/** By the name of the FlowFilter field. The columns of a digest are all that flow/filter looks at for the field. */
const DIGESTS: ReadonlyMap<string, Digest<Flow>> = new Map([
  ['dropReasonDesc', dropReason],
  ['trafficDirection', direction],
  ['reply', reply],
  ['eventType', eventType],
  ['protocol', protocol],
  ['tcpFlags', tcpFlags],
  ['httpStatusCode', httpStatusCode],
]);

function emptyL4(field: number): Layer4 | undefined {
  return field === 0 ? undefined : Layer4.decode(Uint8Array.of((field << 3) | 2, 0));
}

function toTcpFlags(bits: number): TCPFlags {
  const names = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR', 'NS'] as const;
  const flags = TCPFlags.create();
  for (const [bit, name] of names.entries()) flags[name] = (bits & (1 << bit)) !== 0;
  return flags;
}
