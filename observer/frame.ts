// gRPC's length prefix: one byte that says "not compressed" and the length, big endian.

import { FRAME_PREFIX_BYTES } from './slab.ts';

export function frame(message: Uint8Array): Uint8Array {
  const framed = Buffer.allocUnsafeSlow(message.length + FRAME_PREFIX_BYTES);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, FRAME_PREFIX_BYTES);
  return framed;
}

/** The messages of a run of whole frames, as views. */
export function* unframe(frames: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(frames.buffer, frames.byteOffset, frames.byteLength);
  for (let at = 0; at < frames.length; ) {
    const start = at + FRAME_PREFIX_BYTES;
    const end = start + view.getUint32(at + 1);
    yield frames.subarray(start, end);
    at = end;
  }
}
