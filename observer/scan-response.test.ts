import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createFileRegistry, type DescMessage, fromBinary } from '@bufbuild/protobuf';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import type { TCPFlags } from '#proto/gen/flow/flow.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { FlowDetails } from '#proto/gen/parallax/v1/flow_details.ts';
import { HAS_TCP_FLAGS, KIND_FLOW, KIND_LOST_EVENTS, KIND_NODE_STATUS, KIND_NONE } from './columns.ts';
import type { EndpointParts } from './endpoint-parts.ts';
import { responseArbitrary } from './response-arbitrary.ts';
import { FLOW_DETAILS_TYPE_URL } from './scan-details.ts';
import { ResponseScanner } from './scan-response.ts';
import type { ScannedResponse } from './scanned-response.ts';
import { MalformedMessageError } from './wire-reader.ts';

const L4_FIELDS = { TCP: 1, UDP: 2, ICMPv4: 3, ICMPv6: 4, SCTP: 5, VRRP: 6, IGMP: 7 };
const L7_FIELDS = { dns: 100, http: 101, kafka: 102 };

function partsText(bytes: Uint8Array, parts: EndpointParts): string[] {
  return Array.from({ length: parts.count }, (_, i) => {
    const content = Buffer.from(bytes.subarray(parts.starts[i], parts.ends[i])).toString('utf8');
    return `${parts.kinds[i]}:${content}`;
  }).sort();
}

/** The scanner's answer in one object; of the endpoints only what both sides can show. */
function scanned(bytes: Uint8Array, result: ScannedResponse) {
  const { source, destination, node, ...columns } = result;
  return {
    ...columns,
    ips: [ipOf(bytes, source), ipOf(bytes, destination)],
    // A node name of no characters is, to the generated decoder, no node name.
    hasNode: partsText(bytes, node)
      .filter((part) => part !== '5:')
      .join('|'),
  };
}

function ipOf(bytes: Uint8Array, parts: EndpointParts): string | undefined {
  const ip = partsText(bytes, parts).find((part) => part.startsWith('1:'));
  return ip === undefined || ip === '1:' ? undefined : ip.slice(2);
}

/** The same from the generated decoder. */
function decoded(response: GetFlowsResponse) {
  const oneof = response.responseTypes;
  const flow = oneof?.$case === 'flow' ? oneof.value : undefined;
  const time = response.time ?? flow?.time;
  const protocol = flow?.l4?.protocol;
  const transport =
    protocol?.$case === 'TCP' || protocol?.$case === 'UDP' || protocol?.$case === 'SCTP' ? protocol.value : undefined;
  const tcpFlags = protocol?.$case === 'TCP' ? protocol.value.flags : undefined;
  const l7 = flow?.l7;
  const details = detailsOf(flow?.extensions);
  const text = (value: string | undefined) => value || undefined;
  const node =
    flow === undefined
      ? []
      : [
          ...(flow.nodeName === '' ? [] : [`5:${text(flow.nodeName)}`]),
          ...flow.nodeLabels.map((label) => `6:${text(label) ?? ''}`),
        ];
  return {
    kind: { flow: KIND_FLOW, nodeStatus: KIND_NODE_STATUS, lostEvents: KIND_LOST_EVENTS, none: KIND_NONE }[
      oneof?.$case ?? 'none'
    ],
    hasTime: time !== undefined,
    timeSeconds: Number(time?.seconds ?? 0n),
    timeNanos: time?.nanos ?? 0,
    verdict: flow?.verdict ?? 0,
    dropReason: flow?.dropReasonDesc ?? 0,
    direction: flow?.trafficDirection ?? 0,
    isReply: flow?.isReply === undefined ? -1 : Number(flow.isReply),
    hasEventType: flow?.eventType !== undefined,
    eventType: flow?.eventType?.type ?? 0,
    eventSubType: flow?.eventType?.subType ?? 0,
    flowType: flow?.Type ?? 0,
    ipVersion: flow?.IP?.ipVersion ?? 0,
    protocol: protocol === undefined ? 0 : L4_FIELDS[protocol.$case],
    sourcePort: transport?.sourcePort ?? 0,
    destinationPort: transport?.destinationPort ?? 0,
    tcpFlags: tcpFlags === undefined ? 0 : HAS_TCP_FLAGS + bits(tcpFlags),
    l7Type: l7?.type ?? 0,
    l7Kind: l7?.record === undefined ? 0 : L7_FIELDS[l7.record.$case],
    httpCode: l7?.record?.$case === 'http' ? l7.record.value.code : 0,
    latencyNs: Number(l7?.latencyNs ?? 0n),
    hasDetails: details !== undefined,
    reason: details?.reason ?? 0,
    initiatorNewBytes: Number(details?.initiator?.newBytes ?? 0n),
    responderNewBytes: Number(details?.responder?.newBytes ?? 0n),
    ips: [text(flow?.IP?.source), text(flow?.IP?.destination)],
    hasNode: node.sort().join('|'),
  };
}

function detailsOf(any: { typeUrl: string; value: Uint8Array } | undefined): FlowDetails | undefined {
  return any?.typeUrl === FLOW_DETAILS_TYPE_URL ? FlowDetails.decode(any.value) : undefined;
}

function bits(flags: TCPFlags): number {
  const names = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR', 'NS'] as const;
  return names.reduce((sum, name, i) => sum + (flags[name] ? 1 << i : 0), 0);
}

function scanOrRefuse(bytes: Uint8Array): ReturnType<typeof scanned> | 'refused' {
  try {
    return scanned(bytes, new ResponseScanner().scan(bytes, 0, bytes.length));
  } catch (error) {
    assert.ok(error instanceof MalformedMessageError, `only MalformedMessageError may come out, not ${error}`);
    return 'refused';
  }
}

function decodeOrRefuse(bytes: Uint8Array): ReturnType<typeof decoded> | 'refused' {
  try {
    return decoded(GetFlowsResponse.decode(bytes));
  } catch {
    return 'refused';
  }
}

/**
 * True if every message lies within the field that holds it, no group is used, no tag is longer than it need be and no
 * number longer than ten bytes. The generated decoder does not ask: it lets a nested field run past its message, passes
 * over unknown numbers of any length, cuts long lengths to 32 bits, and stops without a word at a tag of 0.
 */
function isWellFormed(bytes: Uint8Array, message: DescMessage): boolean {
  try {
    const reader = new BinaryReader(bytes);
    let typeUrl = '';
    while (reader.pos < reader.len) {
      const tagStart = reader.pos;
      const tag = Number(reader.uint64());
      if (tag < 8 || tag > 0xffff_ffff || (reader.pos - tagStart > 1 && bytes[reader.pos - 1] === 0)) return false;
      const [number, wireType] = [tag >>> 3, tag & 7];
      if (wireType === 0) {
        reader.uint64();
        continue;
      }
      if (wireType !== 2) {
        if (wireType === 3) return false;
        reader.skip(wireType, number);
        continue;
      }
      const length = Number(reader.uint64());
      if (length > reader.len - reader.pos) return false;
      const content = bytes.subarray(reader.pos, reader.pos + length);
      reader.pos += length;
      const field = message.fields.find((candidate) => candidate.number === number);
      if (field?.message !== undefined && !isWellFormed(content, field.message)) return false;
      if (message.typeName === 'google.protobuf.Any') {
        if (number === 1) typeUrl = Buffer.from(content).toString();
        else if (typeUrl === FLOW_DETAILS_TYPE_URL && !isWellFormed(content, describe('parallax.v1.FlowDetails')))
          return false;
      }
    }
    return true;
  } catch {
    return false;
  }
}

const registry = createFileRegistry(
  fromBinary(FileDescriptorSetSchema, readFileSync(new URL('../proto/descriptors.binpb', import.meta.url))),
);

function describe(typeName: string): DescMessage {
  const message = registry.getMessage(typeName);
  assert.ok(message);
  return message;
}

test('the scanner finds in every response what the generated decoder finds', () => {
  fc.assert(
    fc.property(responseArbitrary, (response) => {
      const bytes = GetFlowsResponse.encode(response).finish();
      assert.deepEqual(scanOrRefuse(bytes), decodeOrRefuse(bytes));
    }),
    { numRuns: 500 },
  );
});

test('two responses one after another read as the generated decoder reads them: the last of each field wins', () => {
  fc.assert(
    fc.property(responseArbitrary, responseArbitrary, (first, second) => {
      const bytes = Buffer.concat([GetFlowsResponse.encode(first).finish(), GetFlowsResponse.encode(second).finish()]);
      assert.deepEqual(scanOrRefuse(bytes), decodeOrRefuse(bytes));
    }),
    { numRuns: 300 },
  );
});

test('damaged bytes are refused, unless they are well formed all the same: then they are read as the generated decoder does', () => {
  const responseMessage = describe('observer.GetFlowsResponse');
  const seen = { refused: 0, agreed: 0 };
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(responseArbitrary, damage, (response, changes) => {
      const bytes = GetFlowsResponse.encode(response).finish();
      if (bytes.length === 0) return;
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      const ours = scanOrRefuse(bytes);
      if (ours === 'refused') seen.refused++;
      if (!isWellFormed(bytes, responseMessage)) return;
      const theirs = decodeOrRefuse(bytes);
      if (theirs === 'refused') return;
      assert.deepEqual(ours, theirs);
      seen.agreed++;
    }),
    { numRuns: 1500 },
  );
  assert.ok(seen.refused > 50 && seen.agreed > 50, `both must occur for this to say anything: ${JSON.stringify(seen)}`);
});

test('a field of a number that no protocol or flag has is passed over, however large the number', () => {
  const largest = [0xfa, 0xff, 0xff, 0xff, 0x0f, 0x00];
  const largestNumber = [0xf8, 0xff, 0xff, 0xff, 0x0f, 0x01];
  const flow = [0x32, largest.length, ...largest];
  const tcp = [0x1a, largestNumber.length, ...largestNumber];
  const unknownProtocol = Buffer.from([0x0a, flow.length, ...flow]);
  const unknownFlag = Buffer.from([0x0a, tcp.length + 4, 0x32, tcp.length + 2, 0x0a, tcp.length, ...tcp]);
  assert.deepEqual(scanOrRefuse(unknownProtocol), decodeOrRefuse(unknownProtocol));
  assert.deepEqual(scanOrRefuse(unknownFlag), decodeOrRefuse(unknownFlag));
});

test('a cut response is refused at every length that cuts a field', () => {
  const bytes = GetFlowsResponse.encode(
    GetFlowsResponse.fromPartial({
      responseTypes: { $case: 'flow', value: { verdict: 2, nodeName: 'node-1' } },
      nodeName: 'node-1',
    }),
  ).finish();
  const accepted = Array.from({ length: bytes.length + 1 }, (_, length) => length).filter(
    (length) => scanOrRefuse(bytes.subarray(0, length)) !== 'refused',
  );
  const flowEnd = 2 + (bytes[1] ?? 0);
  assert.deepEqual(accepted, [0, flowEnd, bytes.length]);
});

test('bytes outside the given range are not looked at', () => {
  const bytes = GetFlowsResponse.encode(GetFlowsResponse.fromPartial({ time: { seconds: 7n, nanos: 9 } })).finish();
  const padded = Buffer.concat([Buffer.from([0xff, 0xff]), bytes, Buffer.from([0xff, 0xff])]);
  const result = new ResponseScanner().scan(padded, 2, 2 + bytes.length);
  assert.deepEqual([result.timeSeconds, result.timeNanos], [7, 9]);
});

test('a field that runs past the message it is in is refused, though the bytes go on', () => {
  const time = { seconds: 7n, nanos: 9 };
  const bytes = GetFlowsResponse.encode(
    GetFlowsResponse.fromPartial({
      responseTypes: { $case: 'flow', value: { IP: { source: '10.0.0.1' }, nodeName: 'node-1' } },
      time,
    }),
  ).finish();
  const addressLengthAt = Buffer.from(bytes).indexOf('10.0.0.1') - 1;
  // Exactly as far as the node name's field reaches, so that everything after it reads well.
  bytes[addressLengthAt] = '10.0.0.1'.length + 2 + 'node-1'.length;
  assert.equal(scanOrRefuse(bytes), 'refused');
});
