// One pass over the bytes of a GetFlowsResponse that finds the fields of the ring's columns and the ranges of its
// endpoints, without decoding the rest. Field numbers are those of proto/observer/observer.proto and proto/flow/flow.proto.
// Where a singular message occurs twice the last one wins whole, as in the generated decoder. What is inside fields that
// no column needs is not looked at, so it may still fail to decode later.

import { KIND_FLOW, KIND_LOST_EVENTS, KIND_NODE_STATUS } from './columns.ts';
import { PART_DNS_NAME, PART_ENDPOINT, PART_NODE_LABEL, PART_NODE_NAME, PART_SERVICE } from './endpoint-parts.ts';
import { Fields } from './fields.ts';
import { scanExtensions } from './scan-details.ts';
import { scanEventType, scanIp, scanIsReply, scanL4, scanL7, scanTime } from './scan-layers.ts';
import { ScannedResponse } from './scanned-response.ts';
import { MalformedMessageError } from './wire-reader.ts';

const responseFields = new Fields();
const flowFields = new Fields();
/** Where Flow.time lies: asked only where the response has no time itself. No time: start is -1. */
const flowTime = { start: -1, end: 0 };

/** Scans messages one after another; holds no state between them but the reused result. */
export class ResponseScanner {
  readonly result = new ScannedResponse();

  /**
   * Scans bytes[start, end) and returns `result`, which the next scan overwrites.
   * @throws MalformedMessageError
   */
  scan(bytes: Uint8Array, start: number, end: number): ScannedResponse {
    const result = this.result;
    try {
      scanResponse(bytes, start, end, result);
    } catch (error) {
      throw error instanceof MalformedMessageError ? error.from(start) : error;
    }
    return result;
  }
}

function scanResponse(bytes: Uint8Array, start: number, end: number, out: ScannedResponse): void {
  const { tags, starts, values } = responseFields;
  out.clear();
  flowTime.start = -1;
  for (let at = start; at < end; ) {
    at = responseFields.read(bytes, at, end);
    for (let i = 0; i < responseFields.count; i++) {
      switch (tags[i]) {
        case 10: // flow
          out.clearFlow();
          flowTime.start = -1;
          scanFlow(bytes, starts[i] as number, values[i] as number, out);
          out.kind = KIND_FLOW;
          break;
        case 18: // node_status
        case 26: // lost_events
          out.clearFlow();
          flowTime.start = -1;
          out.kind = tags[i] === 18 ? KIND_NODE_STATUS : KIND_LOST_EVENTS;
          break;
        case 8010: // time
          scanTime(bytes, starts[i] as number, values[i] as number, out);
      }
    }
  }
  if (!out.hasTime && flowTime.start >= 0) scanTime(bytes, flowTime.start, flowTime.end, out);
}

function scanFlow(bytes: Uint8Array, start: number, end: number, out: ScannedResponse): void {
  const { tags, starts, values } = flowFields;
  for (let at = start; at < end; ) {
    at = flowFields.read(bytes, at, end);
    for (let i = 0; i < flowFields.count; i++) {
      const tag = tags[i] as number;
      const from = starts[i] as number;
      const value = values[i] as number;
      switch (tag) {
        case 10: // time
          flowTime.start = from;
          flowTime.end = value;
          break;
        case 16: // verdict
          out.verdict = value;
          break;
        case 42: // ip
          scanIp(bytes, from, value, out);
          break;
        case 50: // l4
          scanL4(bytes, from, value, out);
          break;
        case 66: // source
          out.source.set(PART_ENDPOINT, from, value);
          break;
        case 74: // destination
          out.destination.set(PART_ENDPOINT, from, value);
          break;
        case 80: // type
          out.flowType = value;
          break;
        case 90: // node_name
          out.node.set(PART_NODE_NAME, from, value);
          break;
        case 106: // source_names
          out.source.add(PART_DNS_NAME, from, value);
          break;
        case 114: // destination_names
          out.destination.add(PART_DNS_NAME, from, value);
          break;
        case 122: // l7
          scanL7(bytes, from, value, out);
          break;
        case 154: // event_type
          scanEventType(bytes, from, value, out);
          break;
        case 162: // source_service
          out.source.set(PART_SERVICE, from, value);
          break;
        case 170: // destination_service
          out.destination.set(PART_SERVICE, from, value);
          break;
        case 176: // direction
          out.direction = value;
          break;
        case 200: // drop_reason_desc
          out.dropReason = value;
          break;
        case 210: // is_reply
          scanIsReply(bytes, from, value, out);
          break;
        case 298: // node_labels
          out.node.add(PART_NODE_LABEL, from, value);
          break;
        case 1_200_002: // extensions
          scanExtensions(bytes, from, value, out);
      }
    }
  }
}
