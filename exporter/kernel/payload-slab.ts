// Copies of payload heads, many in one block: an ArrayBuffer for each of so many small ones costs more than what is in it.
// A block lives for as long as one of its copies is kept.

/** Some hundred heads. */
const SLAB_BYTES = 65_536;

let slab = new Uint8Array(SLAB_BYTES);
let used = 0;

/** The bytes of view[offset, offset + length), for as long as they are wanted. */
export function copyPayload(view: DataView, offset: number, length: number): Uint8Array {
  if (length > SLAB_BYTES) return new Uint8Array(view.buffer, view.byteOffset + offset, length).slice();
  if (used + length > SLAB_BYTES) {
    slab = new Uint8Array(SLAB_BYTES);
    used = 0;
  }
  const copy = slab.subarray(used, used + length);
  used += length;
  copy.set(new Uint8Array(view.buffer, view.byteOffset + offset, length));
  return copy;
}
