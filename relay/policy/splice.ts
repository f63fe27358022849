// Adds policy fields and an explanation to a serialised GetFlowsResponse without decoding it: a field that comes later in a
// message adds to a list or replaces a scalar. Only the extension is put together anew, since an Any's value is one blob:
// its old bytes first, the explanation after them.

import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { flowDetailsTypeUrl } from '#flow/details.ts';
import type { Annotation } from '#policy/annotation.ts';
import { Policy } from '#proto/gen/flow/flow.ts';
import { PolicyExplanation } from '#proto/gen/parallax/v1/flow_details.ts';
import type { FlowLayout } from './flow-layout.ts';

const lengthDelimited = 2;
const tagOf = (field: number) => ((field << 3) | lengthDelimited) >>> 0;

/** What is added to every flow of one kind, serialised once. */
export interface Addition {
  /** Flow.policy_match_type, to be left out where the source set it. */
  readonly matchType: Uint8Array;
  /** Flow.*_allowed_by and *_denied_by. */
  readonly names: Uint8Array;
  /** FlowDetails.policy. */
  readonly explanation: Uint8Array;
}

export function serialiseAddition({ matchType, names, explanation }: Annotation): Addition {
  const match = new BinaryWriter();
  if (matchType !== 0) match.uint32(23 << 3).uint32(matchType);
  const fields = new BinaryWriter();
  const numbers = { egressAllowedBy: 21001, ingressAllowedBy: 21002, egressDeniedBy: 21004, ingressDeniedBy: 21005 };
  for (const [name, number] of Object.entries(numbers))
    for (const policy of names[name as keyof typeof numbers] ?? [])
      fields.uint32(tagOf(number)).bytes(Policy.encode(policy).finish());
  const details = new BinaryWriter().uint32(tagOf(12)).bytes(PolicyExplanation.encode(explanation).finish());
  return { matchType: match.finish(), names: fields.finish(), explanation: details.finish() };
}

/** Puts messages together in a buffer of its own, which the next call overwrites. */
export class Splicer {
  #buffer = new Uint8Array(4096);
  #at = 0;

  /** `layout` is of bytes[start, end). The result is valid until the next call. */
  splice(bytes: Uint8Array, start: number, end: number, layout: FlowLayout, addition: Addition): Uint8Array {
    const { names, explanation } = addition;
    const matchType = layout.hasMatchType ? empty : addition.matchType;
    const hasExtension = layout.extensionEnd > layout.extensionTag;
    // Someone else's extension stays as it is, and the explanation has no place.
    const keepsExtension = layout.hasOtherExtension;
    const valueLength = layout.detailsEnd - layout.detailsStart + explanation.length;
    const anyLength =
      varintLength(urlTag) +
      varintLength(typeUrl.length) +
      typeUrl.length +
      1 +
      varintLength(valueLength) +
      valueLength;
    const extensionLength = keepsExtension ? 0 : varintLength(extensionTag) + varintLength(anyLength) + anyLength;
    const cut = hasExtension && !keepsExtension ? layout.extensionEnd - layout.extensionTag : 0;
    const flowLength = layout.flowEnd - layout.flowStart - cut + matchType.length + names.length + extensionLength;
    this.#begin(end - start + matchType.length + names.length + extensionLength + 16);
    this.#copy(bytes, start, layout.flowTag);
    this.#varint(flowTag);
    this.#varint(flowLength);
    if (cut > 0) {
      this.#copy(bytes, layout.flowStart, layout.extensionTag);
      this.#copy(bytes, layout.extensionEnd, layout.flowEnd);
    } else this.#copy(bytes, layout.flowStart, layout.flowEnd);
    this.#copy(matchType, 0, matchType.length);
    this.#copy(names, 0, names.length);
    if (!keepsExtension) {
      this.#varint(extensionTag);
      this.#varint(anyLength);
      this.#varint(urlTag);
      this.#varint(typeUrl.length);
      this.#copy(typeUrl, 0, typeUrl.length);
      this.#varint(valueTag);
      this.#varint(valueLength);
      this.#copy(bytes, layout.detailsStart, layout.detailsEnd);
      this.#copy(explanation, 0, explanation.length);
    }
    this.#copy(bytes, layout.flowEnd, end);
    return this.#buffer.subarray(0, this.#at);
  }

  #begin(atMost: number): void {
    if (this.#buffer.length < atMost) this.#buffer = new Uint8Array(2 * atMost);
    this.#at = 0;
  }

  #copy(from: Uint8Array, start: number, end: number): void {
    this.#buffer.set(from.subarray(start, end), this.#at);
    this.#at += end - start;
  }

  #varint(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest >>>= 7) this.#buffer[this.#at++] = (rest & 0x7f) | 0x80;
    this.#buffer[this.#at++] = rest;
  }
}

const empty = new Uint8Array(0);
const typeUrl = new TextEncoder().encode(flowDetailsTypeUrl);
const flowTag = tagOf(1);
const urlTag = tagOf(1);
const valueTag = tagOf(2);
const extensionTag = tagOf(150000);

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest >>>= 7) length += 1;
  return length;
}
