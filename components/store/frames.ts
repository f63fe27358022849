// The frames between the page's server and its worker, one way, in the body of one HTTP response:
//   u32 length of the payload (big endian) | u8 kind | payload
// A hello comes at once: the page's server is there. A heartbeat comes at least every HEARTBEAT_MS, so that silence means a
// broken line; relay messages pass as they are; a goodbye says why the stream ends.

export const FrameKind = { hello: 1, message: 2, heartbeat: 3, goodbye: 4 } as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

export interface Frame {
  readonly kind: FrameKind;
  readonly payload: Uint8Array;
}

export const HEARTBEAT_MS = 10_000;
/** gRPC's own default message bound is 4 MB; a length beyond twice that is a broken stream, not a message. */
export const MAX_PAYLOAD_BYTES = 8 * 1024 * 1024;
const HEADER_BYTES = 5;

/** Payload of a hello frame, as JSON. */
export interface Hello {
  readonly heartbeatMs: number;
  readonly relay: string;
}

/** Payload of a goodbye frame, as JSON. `code` is the name of a gRPC status; `retry` false means asking again is useless. */
export interface Goodbye {
  readonly code: string;
  readonly text: string;
  readonly retry: boolean;
}

export function encodeFrame(kind: FrameKind, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(HEADER_BYTES + payload.byteLength);
  const view = new DataView(frame.buffer);
  view.setUint32(0, payload.byteLength);
  view.setUint8(4, kind);
  frame.set(payload, HEADER_BYTES);
  return frame;
}

export function encodeJsonFrame(kind: FrameKind, value: Hello | Goodbye): Uint8Array<ArrayBuffer> {
  return encodeFrame(kind, new TextEncoder().encode(JSON.stringify(value)));
}

/** Cuts a byte stream into frames, whatever the sizes of its chunks. Holds at most one unfinished frame. */
export class FrameReader {
  #pending: Uint8Array = new Uint8Array(0);

  /**
   * Frames completed by `chunk`, in order. Payloads are views into the bytes given: copy what outlives the call.
   * @throws RangeError on an unknown kind or a length beyond MAX_PAYLOAD_BYTES; the stream is then unusable.
   */
  push(chunk: Uint8Array): Frame[] {
    const bytes = this.#pending.byteLength === 0 ? chunk : joined(this.#pending, chunk);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const frames: Frame[] = [];
    let at = 0;
    while (bytes.byteLength - at >= HEADER_BYTES) {
      const length = view.getUint32(at);
      const kind = frameKind(view.getUint8(at + 4));
      if (length > MAX_PAYLOAD_BYTES)
        throw new RangeError(`frame of ${length} bytes, but at most ${MAX_PAYLOAD_BYTES} are allowed`);
      if (bytes.byteLength - at - HEADER_BYTES < length) break;
      frames.push({ kind, payload: bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length) });
      at += HEADER_BYTES + length;
    }
    this.#pending = bytes.slice(at);
    return frames;
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.byteLength + second.byteLength);
  bytes.set(first);
  bytes.set(second, first.byteLength);
  return bytes;
}

function frameKind(byte: number): FrameKind {
  switch (byte) {
    case FrameKind.hello:
    case FrameKind.message:
    case FrameKind.heartbeat:
    case FrameKind.goodbye:
      return byte;
    default:
      throw new RangeError(`frame of unknown kind ${byte}: is this the page's own server, and of the same version?`);
  }
}
