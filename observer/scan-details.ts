// parallax.v1.FlowDetails in Flow.extensions: what our own exporters add to a flow, as far as columns hold it. Field numbers
// are those of proto/parallax/v1/flow_details.proto and of google.protobuf.Any.

import { Fields } from './fields.ts';
import type { ScannedResponse } from './scanned-response.ts';
import { MalformedMessageError } from './wire-reader.ts';

export const FLOW_DETAILS_TYPE_URL = 'type.googleapis.com/parallax.v1.FlowDetails';
const TYPE_URL_BYTES = new TextEncoder().encode(FLOW_DETAILS_TYPE_URL);

const anyFields = new Fields();
const detailsFields = new Fields();
const trafficFields = new Fields();

/** The value counts only if the type is ours, whichever of the two comes first. */
export function scanExtensions(bytes: Uint8Array, start: number, end: number, out: ScannedResponse): void {
  const { tags, starts, values } = anyFields;
  out.clearDetails();
  let isDetails = false;
  let valueStart = 0;
  let valueEnd = 0;
  for (let at = start; at < end; ) {
    at = anyFields.read(bytes, at, end);
    for (let i = 0; i < anyFields.count; i++) {
      if (tags[i] === 10) isDetails = isTypeUrl(bytes, starts[i] as number, values[i] as number);
      else if (tags[i] === 18) {
        valueStart = starts[i] as number;
        valueEnd = values[i] as number;
      }
    }
  }
  if (!isDetails) return;
  out.hasDetails = true;
  // An extension is opaque to the protocol, so one that is malformed costs its columns and not the flow.
  try {
    scanDetails(bytes, valueStart, valueEnd, out);
  } catch (error) {
    if (!(error instanceof MalformedMessageError)) throw error;
    out.clearDetails();
  }
}

function scanDetails(bytes: Uint8Array, start: number, end: number, out: ScannedResponse): void {
  const { tags, starts, values } = detailsFields;
  for (let at = start; at < end; ) {
    at = detailsFields.read(bytes, at, end);
    for (let i = 0; i < detailsFields.count; i++) {
      const tag = tags[i];
      if (tag === 8) out.reason = values[i] as number;
      else if (tag === 18) out.initiatorNewBytes = readNewBytes(bytes, starts[i] as number, values[i] as number);
      else if (tag === 26) out.responderNewBytes = readNewBytes(bytes, starts[i] as number, values[i] as number);
    }
  }
}

/** Traffic.new_bytes. */
function readNewBytes(bytes: Uint8Array, start: number, end: number): number {
  let newBytes = 0;
  for (let at = start; at < end; ) {
    at = trafficFields.read(bytes, at, end);
    for (let i = 0; i < trafficFields.count; i++) if (trafficFields.tags[i] === 24) newBytes = trafficFields.uint64(i);
  }
  return newBytes;
}

function isTypeUrl(bytes: Uint8Array, start: number, end: number): boolean {
  const expected = TYPE_URL_BYTES;
  if (end - start !== expected.length) return false;
  for (let i = 0; i < expected.length; i++) if (bytes[start + i] !== expected[i]) return false;
  return true;
}
