// The messages inside a Flow that columns are made of: addresses, ports and flags, the L7 record, the event type. Each
// function reads bytes[start, end), the content of one field, and puts what it finds into `out`. Tags stand as numbers,
// field << 3 | wire type (0 varint, 2 bytes), with the field numbers of proto/flow/flow.proto.

import { HAS_TCP_FLAGS, PROTOCOL_SCTP, PROTOCOL_TCP, PROTOCOL_UDP } from './columns.ts';
import { PART_IP } from './endpoint-parts.ts';
import { Fields } from './fields.ts';
import type { ScannedResponse } from './scanned-response.ts';

const ipFields = new Fields();
const l4Fields = new Fields();
const portFields = new Fields();
const flagFields = new Fields();
const l7Fields = new Fields();
const httpFields = new Fields();
const plainFields = new Fields();

export function scanIp(bytes: Uint8Array, start: number, end: number, out: ScannedResponse): void {
  const { tags, starts, values } = ipFields;
  out.ipVersion = 0;
  out.source.remove(PART_IP);
  out.destination.remove(PART_IP);
  for (let at = start; at < end; ) {
    at = ipFields.read(bytes, at, end);
    for (let i = 0; i < ipFields.count; i++) {
      const tag = tags[i];
      if (tag === 10) out.source.set(PART_IP, starts[i] as number, values[i] as number);
      else if (tag === 18) out.destination.set(PART_IP, starts[i] as number, values[i] as number);
      else if (tag === 24) out.ipVersion = values[i] as number;
    }
  }
}

export function scanL4(bytes: Uint8Array, start: number, end: number, out: ScannedResponse): void {
  const { tags, starts, values } = l4Fields;
  out.clearL4();
  for (let at = start; at < end; ) {
    at = l4Fields.read(bytes, at, end);
    for (let i = 0; i < l4Fields.count; i++) {
      const tag = tags[i] as number;
      // Protocols are fields 1 to 7, messages all of them.
      if ((tag & 7) !== 2 || tag >>> 0 > 58) continue;
      out.clearL4();
      out.protocol = tag >>> 3;
      scanPorts(bytes, starts[i] as number, values[i] as number, out);
    }
  }
}

/** TCP, UDP and SCTP have ports in fields 1 and 2; the others have nothing that a column holds. */
function scanPorts(bytes: Uint8Array, start: number, end: number, out: ScannedResponse): void {
  const { tags, starts, values } = portFields;
  const { protocol } = out;
  if (protocol !== PROTOCOL_TCP && protocol !== PROTOCOL_UDP && protocol !== PROTOCOL_SCTP) return;
  for (let at = start; at < end; ) {
    at = portFields.read(bytes, at, end);
    for (let i = 0; i < portFields.count; i++) {
      const tag = tags[i];
      if (tag === 8) out.sourcePort = (values[i] as number) >>> 0;
      else if (tag === 16) out.destinationPort = (values[i] as number) >>> 0;
      else if (tag === 26 && protocol === PROTOCOL_TCP) {
        out.tcpFlags = readTcpFlags(bytes, starts[i] as number, values[i] as number);
      }
    }
  }
}

function readTcpFlags(bytes: Uint8Array, start: number, end: number): number {
  const { tags, values, highs } = flagFields;
  let flags = HAS_TCP_FLAGS;
  for (let at = start; at < end; ) {
    at = flagFields.read(bytes, at, end);
    for (let i = 0; i < flagFields.count; i++) {
      const tag = tags[i] as number;
      // Nine bools in fields 1 to 9.
      if ((tag & 7) !== 0 || tag >>> 0 > 72) continue;
      const bit = 1 << ((tag >>> 3) - 1);
      flags = values[i] === 0 && highs[i] === 0 ? flags & ~bit : flags | bit;
    }
  }
  return flags;
}

export function scanL7(bytes: Uint8Array, start: number, end: number, out: ScannedResponse): void {
  const { tags, starts, values } = l7Fields;
  out.clearL7();
  for (let at = start; at < end; ) {
    at = l7Fields.read(bytes, at, end);
    for (let i = 0; i < l7Fields.count; i++) {
      const tag = tags[i] as number;
      if (tag === 8) out.l7Type = values[i] as number;
      else if (tag === 16) out.latencyNs = l7Fields.uint64(i);
      else if (tag === 802 || tag === 810 || tag === 818) {
        // DNS, HTTP and Kafka are fields 100 to 102.
        out.l7Kind = tag >>> 3;
        out.httpCode = tag === 810 ? readHttpCode(bytes, starts[i] as number, values[i] as number) : 0;
      }
    }
  }
}

function readHttpCode(bytes: Uint8Array, start: number, end: number): number {
  const { tags, values } = httpFields;
  let code = 0;
  for (let at = start; at < end; ) {
    at = httpFields.read(bytes, at, end);
    for (let i = 0; i < httpFields.count; i++) if (tags[i] === 8) code = (values[i] as number) >>> 0;
  }
  return code;
}

export function scanEventType(bytes: Uint8Array, start: number, end: number, out: ScannedResponse): void {
  const { tags, values } = plainFields;
  out.hasEventType = true;
  out.eventType = 0;
  out.eventSubType = 0;
  for (let at = start; at < end; ) {
    at = plainFields.read(bytes, at, end);
    for (let i = 0; i < plainFields.count; i++) {
      if (tags[i] === 8) out.eventType = values[i] as number;
      else if (tags[i] === 16) out.eventSubType = values[i] as number;
    }
  }
}

/** google.protobuf.BoolValue. */
export function scanIsReply(bytes: Uint8Array, start: number, end: number, out: ScannedResponse): void {
  const { tags, values, highs } = plainFields;
  out.isReply = 0;
  for (let at = start; at < end; ) {
    at = plainFields.read(bytes, at, end);
    for (let i = 0; i < plainFields.count; i++) {
      if (tags[i] === 8) out.isReply = values[i] === 0 && highs[i] === 0 ? 0 : 1;
    }
  }
}

/** google.protobuf.Timestamp. */
export function scanTime(bytes: Uint8Array, start: number, end: number, out: ScannedResponse): void {
  const { tags, values } = plainFields;
  out.hasTime = true;
  out.timeSeconds = 0;
  out.timeNanos = 0;
  for (let at = start; at < end; ) {
    at = plainFields.read(bytes, at, end);
    for (let i = 0; i < plainFields.count; i++) {
      if (tags[i] === 8) out.timeSeconds = plainFields.int64(i);
      else if (tags[i] === 16) out.timeNanos = values[i] as number;
    }
  }
}
