// GetFlowsResponse as one line of protobuf JSON with the names of the proto files, which is what `hubble observe -o json`
// writes and reads: enums by name, times in RFC 3339, 64-bit integers as strings, defaults left out.

import { Flow } from '#proto/gen/flow/flow.ts';
import type { Timestamp } from '#proto/gen/google/protobuf/timestamp.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { FlowDetails } from '#proto/gen/parallax/v1/flow_details.ts';
import { flowDetailsTypeUrl } from '../details.ts';
import { formatTimestamp, parseTimestamp } from '../timestamp.ts';
import { FlowLineError } from './flow-line-error.ts';

/** Longest line that is read: gRPC's default limit of one message. */
export const maximumLineCharacters = 4 * 1024 * 1024;

type JsonObject = { [name: string]: unknown };

/** Without the newline. */
export function formatResponseJson(response: GetFlowsResponse): string {
  return JSON.stringify(toProtoJson(GetFlowsResponse.toJSON(response)));
}

/**
 * Reads proto names and camelCase, and a bare flow without the response around it (as older exports have). Throws
 * FlowLineError. Fields this build does not know are passed over.
 */
export function parseResponseJson(line: string): GetFlowsResponse {
  if (line.length > maximumLineCharacters)
    throw new FlowLineError(line, `has ${line.length} characters, more than ${maximumLineCharacters}`);
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (cause) {
    throw new FlowLineError(line, 'is no JSON', cause);
  }
  if (!isObject(json)) throw new FlowLineError(line, 'is no JSON object');
  try {
    const readable = fromProtoJson(json);
    return isObject(readable) && isBareFlow(readable) ? responseOfFlow(readable) : GetFlowsResponse.fromJSON(readable);
  } catch (cause) {
    throw new FlowLineError(line, `is no flow (${cause instanceof Error ? cause.message : String(cause)})`, cause);
  }
}

function isBareFlow(json: JsonObject): boolean {
  const ofResponse = ['flow', 'node_status', 'nodeStatus', 'lost_events', 'lostEvents'];
  return (
    !ofResponse.some((name) => name in json) && ['verdict', 'IP', 'l4', 'l7', 'source'].some((name) => name in json)
  );
}

function responseOfFlow(json: JsonObject): GetFlowsResponse {
  const flow = Flow.fromJSON(json);
  return {
    ...GetFlowsResponse.fromPartial({}),
    responseTypes: { $case: 'flow', value: flow },
    nodeName: flow.nodeName,
    time: flow.time,
  };
}

/** Names whose proto spelling is not the snake case of their JSON spelling. */
const namesAsTheyAre = new Set([
  ...['IP', 'ID', 'Type', 'Summary', 'ipVersion', 'TCP', 'UDP', 'SCTP', 'ICMPv4', 'ICMPv6', 'VRRP', 'IGMP'],
  ...['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR', 'NS'],
]);

/** The name in the proto file of a field that JSON calls `name`. */
export function protoNameOf(name: string): string {
  return namesAsTheyAre.has(name) ? name : name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function toProtoJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toProtoJson);
  if (!isObject(value)) return value;
  // Generated code leaves a Timestamp as it is; its bigint tells it from every other object.
  if (isTimestamp(value)) return formatTimestamp(value) ?? null;
  if (typeof value.typeUrl === 'string') return anyToJson(value.typeUrl, String(value.value ?? ''));
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [protoNameOf(name), toProtoJson(each)]));
}

/** Any as protobuf JSON has it: "@type" among the fields of a message we know, else the bytes. */
function anyToJson(typeUrl: string, base64: string): JsonObject {
  if (typeUrl === flowDetailsTypeUrl) {
    try {
      const details = FlowDetails.toJSON(FlowDetails.decode(bytesOfBase64(base64)));
      return { '@type': typeUrl, ...Object(toProtoJson(details)) };
    } catch {
      // Broken bytes under our name: hand them on unread.
    }
  }
  return { '@type': typeUrl, value: base64 };
}

const timeNames = new Set(['time', 'first', 'last', 'opened']);

function fromProtoJson(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((each) => fromProtoJson(each));
  if (typeof value === 'string' && timeNames.has(name)) return requireTimestamp(value);
  if (!isObject(value)) return value;
  const fields = Object.fromEntries(
    Object.entries(value).map(([fieldName, each]) => [fieldName, fromProtoJson(each, fieldName)]),
  );
  const typeUrl = value['@type'];
  return typeof typeUrl === 'string' ? anyFromJson(typeUrl, fields) : fields;
}

function anyFromJson(typeUrl: string, fields: JsonObject): JsonObject {
  if (typeUrl !== flowDetailsTypeUrl || typeof fields.value === 'string') return { typeUrl, value: fields.value };
  return { typeUrl, value: base64OfBytes(FlowDetails.encode(FlowDetails.fromJSON(fields)).finish()) };
}

/** Generated code takes seconds and nanos as they are. */
function requireTimestamp(text: string): Timestamp {
  const timestamp = parseTimestamp(text);
  if (timestamp === undefined) throw new RangeError(`${JSON.stringify(text)} is no RFC 3339 time`);
  return timestamp;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTimestamp(value: JsonObject): value is JsonObject & Timestamp {
  return typeof value.seconds === 'bigint';
}

function bytesOfBase64(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function base64OfBytes(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}
