// Bytes of a payload as text, one character a byte, without copying the payload first.

/** `end` beyond the data is cut. */
export function latin1(data: Uint8Array, start: number, end: number): string {
  const { byteOffset } = data;
  return blockOf(data).toString('latin1', byteOffset + start, byteOffset + Math.min(end, data.length));
}

/** Of the block asked for last: payloads share one. */
let block: Buffer = Buffer.alloc(0);

function blockOf(data: Uint8Array): Buffer {
  if (block.buffer !== data.buffer) block = Buffer.from(data.buffer);
  return block;
}

/** UTF-8 with replacement characters, for names that people chose. */
export function utf8(data: Uint8Array, start: number, end: number): string {
  const { byteOffset } = data;
  return blockOf(data).toString('utf8', byteOffset + start, byteOffset + Math.min(end, data.length));
}

export function startsWith(data: Uint8Array, text: string, offset = 0): boolean {
  if (data.length - offset < text.length) return false;
  for (let i = 0; i < text.length; i++) if (data[offset + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** Big-endian; undefined when the bytes are not all there. */
export function readUint16(data: Uint8Array, offset: number): number | undefined {
  const high = data[offset];
  const low = data[offset + 1];
  return high === undefined || low === undefined ? undefined : high * 256 + low;
}

export function readUint32(data: Uint8Array, offset: number): number | undefined {
  const high = readUint16(data, offset);
  const low = readUint16(data, offset + 2);
  return high === undefined || low === undefined ? undefined : high * 65536 + low;
}
