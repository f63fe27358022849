// Clauses of a filter that columns can answer. Each becomes a test over a block of sequences that clears the marks of the
// flows that fail. What a clause means stays in flow/filter: here it is asked once for each value that a column can have
// and the answer is kept.

import type { Clause } from '#flow/filter/clause.ts';
import { Flow, Layer4, Layer7, TCPFlags } from '#proto/gen/flow/flow.ts';
import { type FlowColumns, HAS_TCP_FLAGS, L7_HTTP, PROTOCOL_SCTP, PROTOCOL_TCP, PROTOCOL_UDP } from './columns.ts';

/** Clears marks[sequence - from] of the flows that fail; looks only at marks that are set. */
export type BlockTest = (from: number, to: number, marks: Uint8Array) => void;

/** Answers are kept for values below this: ports, verdicts, drop reasons and the digests below. 64 KiB a clause. */
const REMEMBERED_VALUES = 65_536;
const YES = 1;
const NO = 2;

/** How one clause over the whole flow is decided by columns: their digest, and a flow that has these columns alone. */
interface Digest {
  /** Below REMEMBERED_VALUES where the answer may be kept. */
  value(columns: FlowColumns, slot: number): number;
  flow(columns: FlowColumns, slot: number): Flow;
}

/** @returns undefined if the columns do not answer the clause */
export function columnTest(columns: FlowColumns, clause: Clause): BlockTest | undefined {
  switch (clause.on) {
    case 'verdict':
      return byColumn(columns, columns.verdict, clause.test);
    case 'port':
      return byPort(columns, clause.side === 'source' ? columns.sourcePort : columns.destinationPort, clause.test);
    case 'flow': {
      const digest = DIGESTS.get(clause.field);
      return digest === undefined ? undefined : byDigest(columns, digest, clause.test);
    }
    default:
      return undefined;
  }
}

function byColumn(columns: FlowColumns, column: Int32Array, test: (value: number) => boolean): BlockTest {
  const answers = new Uint8Array(REMEMBERED_VALUES);
  const mask = columns.slotMask;
  return (from, to, marks) => {
    for (let sequence = from; sequence < to; sequence++) {
      if (marks[sequence - from] === 0) continue;
      const value = column[sequence & mask] as number;
      let answer = answers[value];
      if (answer !== YES && answer !== NO) {
        answer = test(value) ? YES : NO;
        if (value >= 0 && value < REMEMBERED_VALUES) answers[value] = answer;
      }
      if (answer === NO) marks[sequence - from] = 0;
    }
  };
}

function byPort(columns: FlowColumns, column: Uint32Array, test: (port: number | undefined) => boolean): BlockTest {
  const answers = new Uint8Array(REMEMBERED_VALUES);
  const isMatchWithoutPort = test(undefined);
  const { protocol, slotMask } = columns;
  return (from, to, marks) => {
    for (let sequence = from; sequence < to; sequence++) {
      if (marks[sequence - from] === 0) continue;
      const slot = sequence & slotMask;
      const transport = protocol[slot];
      if (transport !== PROTOCOL_TCP && transport !== PROTOCOL_UDP && transport !== PROTOCOL_SCTP) {
        if (!isMatchWithoutPort) marks[sequence - from] = 0;
        continue;
      }
      const port = column[slot] as number;
      let answer = answers[port];
      if (answer !== YES && answer !== NO) {
        answer = test(port) ? YES : NO;
        if (port < REMEMBERED_VALUES) answers[port] = answer;
      }
      if (answer === NO) marks[sequence - from] = 0;
    }
  };
}

function byDigest(columns: FlowColumns, digest: Digest, test: (flow: Flow) => boolean): BlockTest {
  const answers = new Uint8Array(REMEMBERED_VALUES);
  const mask = columns.slotMask;
  return (from, to, marks) => {
    for (let sequence = from; sequence < to; sequence++) {
      if (marks[sequence - from] === 0) continue;
      const slot = sequence & mask;
      const value = digest.value(columns, slot);
      let answer = answers[value];
      if (answer !== YES && answer !== NO) {
        answer = test(digest.flow(columns, slot)) ? YES : NO;
        if (value >= 0 && value < REMEMBERED_VALUES) answers[value] = answer;
      }
      if (answer === NO) marks[sequence - from] = 0;
    }
  };
}

/** A digest that is not remembered. */
const ANY = REMEMBERED_VALUES;

/** Packs small numbers into one below REMEMBERED_VALUES; ANY where one is out of its range. */
function pack(low: number, lowBound: number, high: number): number {
  const highBound = REMEMBERED_VALUES / lowBound;
  return low >= 0 && low < lowBound && high >= 0 && high < highBound ? high * lowBound + low : ANY;
}

const reply: Digest = {
  value: (columns, slot) => pack((columns.isReply[slot] as number) + 1, 4, columns.verdict[slot] as number),
  flow: (columns, slot) => {
    const flow = Flow.create();
    const isReply = columns.isReply[slot] as number;
    flow.verdict = columns.verdict[slot] as Flow['verdict'];
    flow.isReply = isReply < 0 ? undefined : isReply === 1;
    return flow;
  },
};

const eventType: Digest = {
  value: (columns, slot) =>
    columns.hasEventType[slot] === 0
      ? 0
      : pack(columns.eventSubType[slot] as number, 256, 1 + (columns.eventType[slot] as number)),
  flow: (columns, slot) => {
    const flow = Flow.create();
    if (columns.hasEventType[slot] === 1) {
      flow.eventType = { type: columns.eventType[slot] as number, subType: columns.eventSubType[slot] as number };
    }
    return flow;
  },
};

const protocol: Digest = {
  value: (columns, slot) => pack(columns.protocol[slot] as number, 8, columns.l7Kind[slot] as number),
  flow: (columns, slot) => {
    const flow = Flow.create();
    flow.l4 = emptyL4(columns.protocol[slot] as number);
    const kind = columns.l7Kind[slot] as number;
    // A message of one empty field: two bytes of tag, since record fields are above 15, and the length 0.
    if (kind !== 0) flow.l7 = Layer7.decode(Uint8Array.of(((kind << 3) & 0x7f) | 0x82, kind >>> 4, 0));
    return flow;
  },
};

const tcpFlags: Digest = {
  value: (columns, slot) =>
    columns.protocol[slot] === PROTOCOL_TCP ? (columns.tcpFlags[slot] as number) : HAS_TCP_FLAGS >>> 1,
  flow: (columns, slot) => {
    const flow = Flow.create();
    flow.l4 = emptyL4(columns.protocol[slot] as number);
    const flags = columns.tcpFlags[slot] as number;
    if (flow.l4?.protocol?.$case === 'TCP' && (flags & HAS_TCP_FLAGS) !== 0) {
      flow.l4.protocol.value.flags = toTcpFlags(flags);
    }
    return flow;
  },
};

const httpStatusCode: Digest = {
  value: (columns, slot) =>
    columns.l7Kind[slot] === L7_HTTP
      ? pack(columns.l7Type[slot] as number, 4, 1 + (columns.httpCode[slot] as number))
      : 0,
  flow: (columns, slot) => {
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
const dropReason: Digest = {
  value: (columns, slot) => pack(columns.verdict[slot] as number, 8, columns.dropReason[slot] as number),
  flow: (columns, slot) => {
    const flow = Flow.create();
    flow.verdict = columns.verdict[slot] as Flow['verdict'];
    flow.dropReasonDesc = columns.dropReason[slot] as Flow['dropReasonDesc'];
    return flow;
  },
};

const direction: Digest = {
  value: (columns, slot) => columns.direction[slot] as number,
  flow: (columns, slot) => {
    const flow = Flow.create();
    flow.trafficDirection = columns.direction[slot] as Flow['trafficDirection'];
    return flow;
  },
};

/** By the name of the FlowFilter field. The columns of a digest are all that flow/filter looks at for the field. */
const DIGESTS: ReadonlyMap<string, Digest> = new Map([
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
