// What has left the map stays on it for a minute, without figures, so that a pause in traffic neither moves anything nor
// hides what the reader was looking at. Pure but for what it remembers; time comes in.

import type { MapEdge, MapVertex, ServiceMapModel } from '../store/service-map-model.ts';

const KEPT_MS = 60_000;
/** Vertices and edges kept; beyond it what leaves is gone at once. */
const MOST = 2_000;

export class Ghosts {
  readonly #vertices = new Map<string, { readonly value: MapVertex; readonly untilMs: number }>();
  readonly #edges = new Map<string, { readonly value: MapEdge; readonly untilMs: number }>();
  #last: ServiceMapModel | undefined;
  #shown: ServiceMapModel | undefined;

  /**
   * The model with what left it lately. Its revision grows when what is shown changes, and only then. To be called for
   * every model: what has been gone for long leaves with the next one.
   */
  add(model: ServiceMapModel, nowMs: number): ServiceMapModel {
    const before = this.#last;
    this.#last = model;
    const isUnchanged = before?.topologyRevision === model.topologyRevision;
    if (isUnchanged && this.#shown !== undefined && this.#vertices.size + this.#edges.size === 0) {
      this.#shown = { ...model, topologyRevision: this.#shown.topologyRevision };
      return this.#shown;
    }
    if (before !== undefined && !isUnchanged) {
      this.#keep(this.#vertices, before.vertices, model.vertices, nowMs, (vertex) => vertex);
      this.#keep(this.#edges, before.edges, model.edges, nowMs, idle);
    }
    forget(this.#vertices, model.vertices, nowMs);
    forget(this.#edges, model.edges, nowMs);
    const vertices = withKept(model.vertices, this.#vertices);
    const edges = withKept(model.edges, this.#edges);
    for (const [id, edge] of edges) {
      if (!vertices.has(edge.sourceId) || !vertices.has(edge.destinationId)) edges.delete(id);
    }
    const shown = this.#shown;
    const isSame = shown !== undefined && sameKeys(shown.vertices, vertices) && sameKeys(shown.edges, edges);
    const topologyRevision = (shown?.topologyRevision ?? 0) + (isSame ? 0 : 1);
    this.#shown = { ...model, vertices, edges, topologyRevision };
    return this.#shown;
  }

  #keep<Value>(
    kept: Map<string, { readonly value: Value; readonly untilMs: number }>,
    before: ReadonlyMap<string, Value>,
    after: ReadonlyMap<string, Value>,
    nowMs: number,
    asGhost: (value: Value) => Value,
  ): void {
    for (const [id, value] of before) {
      if (after.has(id) || kept.size >= MOST) continue;
      kept.set(id, { value: asGhost(value), untilMs: nowMs + KEPT_MS });
    }
  }
}

/** Also what has come back. */
function forget(
  kept: Map<string, { readonly untilMs: number }>,
  present: ReadonlyMap<string, unknown>,
  nowMs: number,
): void {
  for (const [id, { untilMs }] of kept) if (present.has(id) || nowMs >= untilMs) kept.delete(id);
}

function withKept<Value>(
  present: ReadonlyMap<string, Value>,
  kept: ReadonlyMap<string, { readonly value: Value }>,
): Map<string, Value> {
  const all = new Map(present);
  for (const [id, { value }] of kept) all.set(id, value);
  return all;
}

function sameKeys(left: ReadonlyMap<string, unknown>, right: ReadonlyMap<string, unknown>): boolean {
  if (left.size !== right.size) return false;
  for (const id of right.keys()) if (!left.has(id)) return false;
  return true;
}

/** An edge over which nothing goes any more. */
function idle(edge: MapEdge): MapEdge {
  const none = { flows: 0, connections: 0, forwarded: 0, dropped: 0, requests: 0, responses: 0, bytes: 0 };
  return { ...edge, ...none, errorsClient: 0, errorsServer: 0, drops: [], latencyHistogram: [] };
}
