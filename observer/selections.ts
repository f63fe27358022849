// The selections that streams share: one for each filter and field mask in use, dropped when its last stream ends.

import type { CelCompiler } from '#flow/filter/cel-compiler.ts';
import { compileFilters } from '#flow/filter/compile.ts';
import { GetFlowsRequest } from '#proto/gen/observer/observer.ts';
import { FieldMask } from './field-mask.ts';
import type { FlowRing } from './flow-ring.ts';
import { FlowSelection } from './flow-selection.ts';

interface Shared {
  readonly selection: FlowSelection;
  users: number;
}

export class Selections {
  readonly #ring: FlowRing;
  readonly #cel: CelCompiler | undefined;
  readonly #shared = new Map<string, Shared>();

  /** @param cel compiles CEL expressions; without it filters that have one are refused */
  constructor(ring: FlowRing, cel: CelCompiler | undefined) {
    this.#ring = ring;
    this.#cel = cel;
  }

  /** Distinct filters and masks in use. */
  get size(): number {
    return this.#shared.size;
  }

  /**
   * The selection of a request, and a function that gives it back.
   * @throws FilterError, FieldMaskError
   */
  acquire(request: GetFlowsRequest): { selection: FlowSelection; release: () => void } {
    const key = keyOf(request);
    let shared = this.#shared.get(key);
    if (shared === undefined) {
      const filter = compileFilters(request.whitelist, request.blacklist, this.#cel);
      const hasMask = request.fieldMask !== undefined && request.fieldMask.length > 0;
      const mask = hasMask ? new FieldMask(request.fieldMask ?? []) : undefined;
      shared = { selection: new FlowSelection(this.#ring, filter, mask), users: 0 };
      this.#shared.set(key, shared);
    }
    const held = shared;
    held.users++;
    let isReleased = false;
    return {
      selection: held.selection,
      release: () => {
        if (isReleased) return;
        isReleased = true;
        held.users--;
        if (held.users === 0) this.#shared.delete(key);
      },
    };
  }
}

/** Requests with the same filters and mask have the same key: their bytes. */
function keyOf(request: GetFlowsRequest): string {
  const { whitelist, blacklist, fieldMask } = request;
  const alike = GetFlowsRequest.fromPartial({});
  const bytes = GetFlowsRequest.encode({ ...alike, whitelist, blacklist, fieldMask }).finish();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
