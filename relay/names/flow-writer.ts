// Puts a flow together again with what is added to its ends: the bytes of before in their order, each endpoint as one field
// with the new ones at its end, services after everything, and the extension anew, since an Any's value is one blob.

import { flowDetailsTypeUrl } from '#flow/details.ts';
import { WireReader } from '#observer/wire-reader.ts';
import type { FlowEnd, FlowEnds } from './flow-ends.ts';
import { nothing } from './known-end.ts';

const tagOf = (field: number) => ((field << 3) | 2) >>> 0;
const flowTag = tagOf(1);
const sourceTag = tagOf(8);
const destinationTag = tagOf(9);
const extensionTag = tagOf(150000);
const urlTag = tagOf(1);
const valueTag = tagOf(2);
const locationTags = [tagOf(16), tagOf(17)];
const typeUrl = new TextEncoder().encode(flowDetailsTypeUrl);
const typeName = 'parallax.v1.FlowDetails';
const text = new TextDecoder();
/** Up to here a loop is quicker than a view and a copy. */
const shortBytes = 40;

/** What is added; all empty: nothing. */
export class Additions {
  source: Uint8Array = nothing;
  destination: Uint8Array = nothing;
  /** Whole fields of the flow. */
  sourceService: Uint8Array = nothing;
  destinationService: Uint8Array = nothing;
  /** Whole fields of FlowDetails. */
  sourceLocation: Uint8Array = nothing;
  destinationLocation: Uint8Array = nothing;

  clear(): void {
    this.source = nothing;
    this.destination = nothing;
    this.sourceService = nothing;
    this.destinationService = nothing;
    this.sourceLocation = nothing;
    this.destinationLocation = nothing;
  }
}

/** Writes into a buffer of its own, which the next call overwrites. */
export class FlowWriter {
  #buffer = new Uint8Array(8192);
  #at = 0;
  readonly #reader = new WireReader();
  #detailsStart = 0;
  #detailsEnd = 0;

  /** `ends` is of bytes[start, end). The result is valid until the next call. */
  write(bytes: Uint8Array, start: number, end: number, ends: FlowEnds, add: Additions): Uint8Array {
    const { source, destination, flowStart, flowEnd } = ends;
    const locations = this.#canLocate(bytes, ends, add)
      ? add.sourceLocation.length + add.destinationLocation.length
      : 0;
    const valueLength = this.#detailsEnd - this.#detailsStart + locations;
    const anyLength = 2 + typeUrl.length + 1 + varintLength(valueLength) + valueLength;
    const cut = locations > 0 ? ends.extensionEnd - ends.extensionTag : 0;
    const extensionLength = locations > 0 ? 3 + varintLength(anyLength) + anyLength : 0;
    const flowLength =
      flowEnd -
      flowStart -
      cut +
      extensionLength +
      grownBy(source, add.source) +
      grownBy(destination, add.destination) +
      add.sourceService.length +
      add.destinationService.length;
    this.#begin(end - start + flowLength + 16);
    this.#copy(bytes, start, ends.flowTag);
    this.#varint(flowTag);
    this.#varint(flowLength);
    // At most three pieces of the old flow are replaced or left out, in whatever order they stand.
    let from = flowStart;
    const isSourceFirst = source.tagAt <= destination.tagAt;
    const first = isSourceFirst ? source : destination;
    const second = isSourceFirst ? destination : source;
    const firstAdd = isSourceFirst ? add.source : add.destination;
    const secondAdd = isSourceFirst ? add.destination : add.source;
    const cutAt = cut > 0 ? ends.extensionTag : Number.POSITIVE_INFINITY;
    if (cutAt < first.tagAt) from = this.#skip(bytes, from, ends);
    if (first.end !== 0 && firstAdd.length > 0)
      from = this.#endpoint(bytes, from, first, isSourceFirst ? sourceTag : destinationTag, firstAdd);
    if (cutAt > first.tagAt && cutAt < second.tagAt) from = this.#skip(bytes, from, ends);
    if (second.end !== 0 && secondAdd.length > 0)
      from = this.#endpoint(bytes, from, second, isSourceFirst ? destinationTag : sourceTag, secondAdd);
    if (cut > 0 && cutAt > first.tagAt && cutAt > second.tagAt) from = this.#skip(bytes, from, ends);
    this.#copy(bytes, from, flowEnd);
    if (source.end === 0 && add.source.length > 0) this.#field(sourceTag, add.source);
    if (destination.end === 0 && add.destination.length > 0) this.#field(destinationTag, add.destination);
    this.#put(add.sourceService);
    this.#put(add.destinationService);
    if (locations > 0) {
      this.#varint(extensionTag);
      this.#varint(anyLength);
      this.#varint(urlTag);
      this.#varint(typeUrl.length);
      this.#put(typeUrl);
      this.#varint(valueTag);
      this.#varint(valueLength);
      this.#copy(bytes, this.#detailsStart, this.#detailsEnd);
      this.#put(add.sourceLocation);
      this.#put(add.destinationLocation);
    }
    this.#copy(bytes, flowEnd, end);
    return this.#buffer.subarray(0, this.#at);
  }

  /**
   * Whether there is room for locations: somebody else's extension stays as it is, and so do locations that were told
   * before. Finds the details, empty where the flow has none.
   */
  #canLocate(bytes: Uint8Array, ends: FlowEnds, { sourceLocation, destinationLocation }: Additions): boolean {
    this.#detailsStart = 0;
    this.#detailsEnd = 0;
    if (sourceLocation.length + destinationLocation.length === 0) return false;
    if (ends.extensionEnd === 0) return true;
    const reader = this.#reader;
    reader.reset(bytes, ends.extensionStart, ends.extensionEnd);
    let isOurs = false;
    while (reader.position < ends.extensionEnd) {
      const tag = reader.tag();
      if (tag !== urlTag && tag !== valueTag) {
        reader.skip(tag);
        continue;
      }
      const contentEnd = reader.contentEnd();
      if (tag === urlTag) isOurs = isTypeUrl(bytes, reader.position, contentEnd);
      else {
        this.#detailsStart = reader.position;
        this.#detailsEnd = contentEnd;
      }
      reader.position = contentEnd;
    }
    if (!isOurs) return false;
    reader.reset(bytes, this.#detailsStart, this.#detailsEnd);
    while (reader.position < this.#detailsEnd) {
      const tag = reader.tag();
      if (locationTags.includes(tag)) return false;
      reader.skip(tag);
    }
    return true;
  }

  /** Copies up to the extension and passes over it. @returns where to go on */
  #skip(bytes: Uint8Array, from: number, { extensionTag: to, extensionEnd }: FlowEnds): number {
    this.#copy(bytes, from, to);
    return extensionEnd;
  }

  #endpoint(bytes: Uint8Array, from: number, one: FlowEnd, tag: number, added: Uint8Array): number {
    this.#copy(bytes, from, one.tagAt);
    this.#varint(tag);
    this.#varint(one.end - one.start + added.length);
    this.#copy(bytes, one.start, one.end);
    this.#put(added);
    return one.end;
  }

  #field(tag: number, content: Uint8Array): void {
    this.#varint(tag);
    this.#varint(content.length);
    this.#put(content);
  }

  #begin(atMost: number): void {
    if (this.#buffer.length < atMost) this.#buffer = new Uint8Array(2 * atMost);
    this.#at = 0;
  }

  #put(from: Uint8Array): void {
    this.#copy(from, 0, from.length);
  }

  #copy(from: Uint8Array, start: number, end: number): void {
    const buffer = this.#buffer;
    if (end - start > shortBytes) {
      buffer.set(from.subarray(start, end), this.#at);
      this.#at += end - start;
      return;
    }
    let at = this.#at;
    for (let position = start; position < end; position += 1) buffer[at++] = from[position] as number;
    this.#at = at;
  }

  #varint(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest >>>= 7) this.#buffer[this.#at++] = (rest & 0x7f) | 0x80;
    this.#buffer[this.#at++] = rest;
  }
}

function isTypeUrl(bytes: Uint8Array, start: number, end: number): boolean {
  let at = 0;
  while (at < typeUrl.length && bytes[start + at] === typeUrl[at]) at += 1;
  if (at === typeUrl.length && end - start === at) return true;
  // Another host before the slash is as good.
  const url = text.decode(bytes.subarray(start, end));
  return url.slice(url.lastIndexOf('/') + 1) === typeName;
}

/** Bytes by which a flow grows where `added` goes into an endpoint. */
function grownBy(one: FlowEnd, added: Uint8Array): number {
  if (added.length === 0) return 0;
  if (one.end === 0) return 1 + varintLength(added.length) + added.length;
  const before = one.end - one.tagAt;
  const content = one.end - one.start + added.length;
  return 1 + varintLength(content) + content - before;
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest >>>= 7) length += 1;
  return length;
}
