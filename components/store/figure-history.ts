// The course of each vertex's figures while the page is open: one sample every few seconds from the map's sliding
// window. The relay sends totals of a window, not series; these samples are its windows laid side by side.

import { figuresOfVertex } from './figures.ts';
import type { ServiceMapModel } from './service-map-model.ts';

export interface FigureSample {
  /** Unix milliseconds. */
  readonly timeMs: number;
  readonly requestsPerSecond: number;
  readonly errorsPerSecond: number;
  readonly dropsPerSecond: number;
  /** Microseconds; NaN where nothing was measured. */
  readonly p50Us: number;
  readonly p99Us: number;
}

/** One sample in 2 s for 15 minutes. */
const SAMPLE_EVERY_MS = 2_000;
const SAMPLES = 450;
/** 500 vertices x 450 samples x about 70 B = 16 MB; the vertices beyond have no history. */
const VERTICES = 500;

export class FigureHistory {
  readonly #series = new Map<string, FigureSample[]>();
  #lastSampleMs = Number.NEGATIVE_INFINITY;

  sample(model: ServiceMapModel, nowMs: number): void {
    if (nowMs - this.#lastSampleMs < SAMPLE_EVERY_MS) return;
    this.#lastSampleMs = nowMs;
    for (const id of this.#series.keys()) if (!model.vertices.has(id)) this.#series.delete(id);
    for (const id of model.vertices.keys()) {
      const series = this.#series.get(id) ?? [];
      if (series.length === 0 && this.#series.size >= VERTICES) continue;
      this.#series.set(id, series);
      const figures = figuresOfVertex(model, id);
      series.push({
        timeMs: nowMs,
        requestsPerSecond: figures.requestsPerSecond,
        errorsPerSecond: figures.requestsPerSecond * figures.errorShare,
        dropsPerSecond: figures.dropsPerSecond,
        p50Us: figures.p50Us ?? Number.NaN,
        p99Us: figures.p99Us ?? Number.NaN,
      });
      if (series.length > SAMPLES) series.shift();
    }
  }

  /** Oldest first; empty for a vertex that is not on the map. */
  of(vertexId: string): readonly FigureSample[] {
    return this.#series.get(vertexId) ?? [];
  }
}
