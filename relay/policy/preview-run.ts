// Flows of the ring against a set of policies that is not in force: slice by slice, so that live flows go on meanwhile.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CompiledFilter } from '#flow/filter/compile.ts';
import type { FlowRing } from '#observer/flow-ring.ts';
import { decodeKept } from '#observer/kept-message.ts';
import type { PolicySet } from '#policy/policy-set.ts';
import { type Judgement, Preview, type PreviewResult } from '#policy/preview.ts';
import type { Flow } from '#proto/gen/flow/flow.ts';
import { FlowLayout } from './flow-layout.ts';

const sliceMs = 8;
/** Judgements kept by a flow's own bytes, some 700 bytes each: 22 MB. */
const maxJudgements = 32_768;

export interface PreviewRunOptions {
  readonly ring: FlowRing;
  readonly set: PolicySet;
  readonly filter: CompiledFilter;
  /** Flows before are left out. Unix milliseconds. */
  readonly fromUnixMs: number;
  /** Longest run. Milliseconds; what was not read by then is left out, and said. */
  readonly limitMs: number;
  readonly signal: AbortSignal;
  /** Told about ten times a second. */
  readonly onProgress: (read: number, toRead: number) => void;
}

export interface PreviewRunResult extends PreviewResult {
  readonly isPartial: boolean;
}

/** Rejects when the signal aborts. */
export async function runPreview(options: PreviewRunOptions): Promise<PreviewRunResult> {
  const { ring, set, signal, onProgress, fromUnixMs } = options;
  const preview = new Preview(set);
  const reader = new FlowReader(preview, options.filter);
  const [first, end] = [ring.oldest, ring.next];
  const endMs = performance.now() + options.limitMs;
  let [sliceEnd, tellAt] = [performance.now() + sliceMs, performance.now() + 100];
  let sequence = first;
  let isPartial = false;
  for (; sequence < end; sequence += 1) {
    if (!ring.has(sequence)) {
      // The ring moved on: flows of the window were overwritten before they were read.
      isPartial = true;
      sequence = ring.oldest;
    }
    const unixMs = ring.timeMs(sequence);
    if (unixMs >= fromUnixMs) reader.read(ring.messageAt(sequence), unixMs);
    const nowMs = performance.now();
    if (nowMs < sliceEnd) continue;
    if (nowMs > endMs) return { ...preview.result(), isPartial: true };
    if (nowMs > tellAt) {
      onProgress(sequence - first, end - first);
      tellAt = nowMs + 100;
    }
    await nextTurn();
    signal.throwIfAborted();
    sliceEnd = performance.now() + sliceMs;
  }
  return { ...preview.result(), isPartial };
}

/** Decodes a flow only where none equal to it came before. */
class FlowReader {
  readonly #preview: Preview;
  readonly #filter: CompiledFilter;
  readonly #layout = new FlowLayout();
  readonly #judged = new Map<string, Judgement | undefined>();

  constructor(preview: Preview, filter: CompiledFilter) {
    this.#preview = preview;
    this.#filter = filter;
  }

  read(bytes: Uint8Array, unixMs: number): void {
    const layout = this.#layout;
    layout.scan(bytes, 0, bytes.length);
    if (!layout.isFlow) return;
    // Requests differ from flow to flow, and a filter may ask for anything.
    if (layout.hasL7 || !this.#filter.matchesAll) {
      const flow = decodeFlow(bytes);
      if (flow !== undefined && this.#filter.matches(flow)) this.#preview.add(flow);
      return;
    }
    const key = `${layout.dropReason} ${layout.reason === 0} ${layout.key}`;
    let judgement = this.#judged.get(key);
    if (judgement === undefined && !this.#judged.has(key)) {
      const flow = decodeFlow(bytes);
      judgement = flow && this.#preview.judge(flow);
      if (this.#judged.size >= maxJudgements) this.#judged.clear();
      this.#judged.set(key, judgement);
    }
    this.#preview.count(judgement, unixMs);
  }
}

function decodeFlow(bytes: Uint8Array): Flow | undefined {
  const response = decodeKept(bytes)?.responseTypes;
  return response?.$case === 'flow' ? response.value : undefined;
}
