// Cuts a parallax.v1.WatchResponse open without decoding its flows, so that each flow's own bytes can be kept for the
// details view while its fields go into a row. Field numbers are dashboard.proto's.

import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { Timestamp } from '#proto/gen/google/protobuf/timestamp.ts';
import { ServiceMap, Status } from '#proto/gen/parallax/v1/dashboard.ts';
import { unixMs } from './unix-ms.ts';

export interface RawFlowBatch {
  /** Encoded observer.GetFlowsResponse, oldest first; views into the message's bytes. */
  readonly responses: readonly Uint8Array[];
  readonly matched: number;
  readonly skipped: number;
  readonly lost: number;
  readonly history: boolean;
}

export type WatchMessage =
  | { readonly kind: 'flows'; readonly timeMs: number; readonly batch: RawFlowBatch }
  | { readonly kind: 'map'; readonly timeMs: number; readonly map: ServiceMap }
  | { readonly kind: 'status'; readonly timeMs: number; readonly status: Status };

/** @returns undefined for a kind of message this page does not know: a newer relay may send one. */
export function readWatchMessage(bytes: Uint8Array): WatchMessage | undefined {
  const reader = new BinaryReader(bytes);
  let timeMs = 0;
  let body: { readonly field: number; readonly bytes: Uint8Array } | undefined;
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (wire !== WireType.LengthDelimited) reader.skip(wire);
    else if (field === 1) timeMs = unixMs(Timestamp.decode(reader.bytes()));
    else body = { field, bytes: reader.bytes() };
  }
  if (body?.field === 2) return { kind: 'flows', timeMs, batch: readFlowBatch(body.bytes) };
  if (body?.field === 3) return { kind: 'map', timeMs, map: ServiceMap.decode(body.bytes) };
  if (body?.field === 4) return { kind: 'status', timeMs, status: Status.decode(body.bytes) };
  return undefined;
}

function readFlowBatch(bytes: Uint8Array): RawFlowBatch {
  const reader = new BinaryReader(bytes);
  const responses: Uint8Array[] = [];
  const counts = { matched: 0, skipped: 0, lost: 0, history: false };
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (field === 1 && wire === WireType.LengthDelimited) responses.push(reader.bytes());
    else if (field === 2) counts.matched = Number(reader.uint64());
    else if (field === 3) counts.skipped = Number(reader.uint64());
    else if (field === 4) counts.lost = Number(reader.uint64());
    else if (field === 5) counts.history = reader.bool();
    else reader.skip(wire);
  }
  return { responses, ...counts };
}
