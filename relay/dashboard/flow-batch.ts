// A WatchResponse with a FlowBatch, framed for gRPC, made of serialised responses that are copied in as they are: a message
// in a repeated field is its tag, its length and its bytes. Pure.

import { FRAME_PREFIX_BYTES } from '#observer/slab.ts';
import type { Timestamp } from '#proto/gen/google/protobuf/timestamp.ts';
import { FlowBatch, WatchResponse } from '#proto/gen/parallax/v1/dashboard.ts';

/** Tags of WatchResponse.flows and FlowBatch.responses: fields 2 and 1 with a length. */
const flowsTag = (2 << 3) | 2;
const responsesTag = (1 << 3) | 2;

export interface BatchFigures {
  readonly matched: number;
  readonly skipped: number;
  readonly lost: number;
  readonly history: boolean;
}

/** @param responses serialised GetFlowsResponses, oldest first */
export function encodeFlowBatch(time: Timestamp, responses: readonly Uint8Array[], figures: BatchFigures): Uint8Array {
  const head = WatchResponse.encode(WatchResponse.fromPartial({ time })).finish();
  const tail = FlowBatch.encode({
    responses: [],
    matched: BigInt(figures.matched),
    skipped: BigInt(figures.skipped),
    lost: BigInt(figures.lost),
    history: figures.history,
  }).finish();
  let batchLength = tail.length;
  for (const response of responses) batchLength += 1 + varintLength(response.length) + response.length;
  const length = head.length + 1 + varintLength(batchLength) + batchLength;
  // Never from the shared pool: the bytes go to a socket and live until they have left.
  const frame = Buffer.allocUnsafeSlow(FRAME_PREFIX_BYTES + length);
  frame[0] = 0;
  frame.writeUInt32BE(length, 1);
  frame.set(head, FRAME_PREFIX_BYTES);
  let at = FRAME_PREFIX_BYTES + head.length;
  frame[at++] = flowsTag;
  at = writeVarint(frame, at, batchLength);
  for (const response of responses) {
    frame[at++] = responsesTag;
    at = writeVarint(frame, at, response.length);
    frame.set(response, at);
    at += response.length;
  }
  frame.set(tail, at);
  return frame;
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 128)) length += 1;
  return length;
}

function writeVarint(target: Uint8Array, start: number, value: number): number {
  let at = start;
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) target[at++] = (rest & 0x7f) | 0x80;
  target[at++] = rest;
  return at;
}
