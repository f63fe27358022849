// What the map says about each link and card: rates, latencies, error share, status. Recomputed on every model;
// nothing here may influence where anything stands.

import type { MapEdge, ServiceMapModel } from '../../store/service-map-model.ts';
import type { MapMetric } from '../map-view-types.ts';
import type { ViewGraph } from './view-graph.ts';

/** Shown by colour and shape alike: dot, triangle, cross. */
export type Status = 'ok' | 'warn' | 'bad';

/** Totals over the window. */
export interface Figures {
  readonly flows: number;
  readonly requests: number;
  readonly responses: number;
  readonly errors: number;
  readonly forwarded: number;
  readonly dropped: number;
  readonly bytes: number;
  /** Milliseconds; undefined without a measured response. */
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  readonly status: Status;
  /** It has just left the map, and is shown for a moment longer. */
  readonly isGone: boolean;
}

export interface MapFigures {
  /** Seconds of the window that have data; rates divide by it. */
  readonly seconds: number;
  readonly links: ReadonlyMap<string, Figures>;
  /** What a card receives, or what it sends if nothing calls it. */
  readonly cards: ReadonlyMap<string, Figures>;
}

/** Shares and times from which a card or link is marked. */
const WARN_ERROR_SHARE = 0.015;
const BAD_SHARE = 0.5;
const SLOW_P99_MS = 500;

interface Sums {
  flows: number;
  requests: number;
  responses: number;
  errors: number;
  forwarded: number;
  dropped: number;
  bytes: number;
  histogram: number[];
}

export function mapFigures(model: ServiceMapModel, graph: ViewGraph): MapFigures {
  const links = new Map<string, Figures>();
  const received = new Map<string, Sums>();
  const sent = new Map<string, Sums>();
  for (const link of graph.links.values()) {
    const sums = emptySums();
    const into = sumsOf(received, link.destinationId);
    const outOf = sumsOf(sent, link.sourceId);
    for (const edgeId of link.edgeIds) {
      const edge = model.edges.get(edgeId);
      if (!edge) continue;
      addEdge(sums, edge);
      addEdge(into, edge);
      addEdge(outOf, edge);
    }
    const isGone = !link.edgeIds.some((id) => model.edges.has(id));
    links.set(link.id, figuresOf(sums, linkStatus(sums), isGone));
  }
  const cards = new Map<string, Figures>();
  for (const [id, { memberIds }] of graph.vertices) {
    const into = received.get(id);
    const outOf = sent.get(id);
    const shown = into && into.flows + into.requests + into.dropped > 0 ? into : (outOf ?? emptySums());
    const isGone = !memberIds.some((member) => model.vertices.has(member));
    cards.set(id, figuresOf(shown, cardStatus(into ?? emptySums(), outOf ?? emptySums()), isGone));
  }
  return { seconds: Math.max(1, model.coveredMs / 1000), links, cards };
}

function emptySums(): Sums {
  return { flows: 0, requests: 0, responses: 0, errors: 0, forwarded: 0, dropped: 0, bytes: 0, histogram: [] };
}

function sumsOf(sums: Map<string, Sums>, id: string): Sums {
  const known = sums.get(id);
  if (known) return known;
  const fresh = emptySums();
  sums.set(id, fresh);
  return fresh;
}

function addEdge(sums: Sums, edge: MapEdge): void {
  sums.flows += edge.flows;
  sums.requests += edge.requests;
  sums.responses += edge.responses;
  sums.errors += edge.errorsServer;
  sums.forwarded += edge.forwarded;
  sums.dropped += edge.dropped;
  sums.bytes += edge.bytes;
  edge.latencyHistogram.forEach((count, bucket) => {
    sums.histogram[bucket] = (sums.histogram[bucket] ?? 0) + count;
  });
}

function figuresOf(sums: Sums, status: Status, isGone: boolean): Figures {
  const { histogram, ...totals } = sums;
  return { ...totals, p50Ms: percentileMs(histogram, 0.5), p99Ms: percentileMs(histogram, 0.99), status, isGone };
}

function errorShareOf(sums: { readonly errors: number; readonly responses: number }): number {
  return sums.responses > 0 ? sums.errors / sums.responses : 0;
}

function dropShareOf(sums: Sums): number {
  return sums.dropped > 0 ? sums.dropped / (sums.dropped + sums.forwarded) : 0;
}

function linkStatus(sums: Sums): Status {
  if (dropShareOf(sums) >= BAD_SHARE) return 'bad';
  const p99 = percentileMs(sums.histogram, 0.99) ?? 0;
  return errorShareOf(sums) > WARN_ERROR_SHARE || p99 > SLOW_P99_MS ? 'warn' : 'ok';
}

/** Bad: most of what it sends is refused, or most of its answers are errors. Warn: some of either, or slow. */
function cardStatus(into: Sums, outOf: Sums): Status {
  if (dropShareOf(outOf) >= BAD_SHARE || errorShareOf(into) >= BAD_SHARE) return 'bad';
  const p99 = percentileMs(into.histogram, 0.99) ?? 0;
  const hasErrors = errorShareOf(into) > WARN_ERROR_SHARE;
  return hasErrors || p99 > SLOW_P99_MS || dropShareOf(into) > 0 || dropShareOf(outOf) > 0 ? 'warn' : 'ok';
}

/** Bucket i covers [2^(i/2), 2^((i+1)/2)) microseconds; inside a bucket values are taken as spread geometrically. */
export function percentileMs(histogram: readonly number[], share: number): number | undefined {
  const total = histogram.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  const wanted = total * share;
  let below = 0;
  for (const [bucket, count] of histogram.entries()) {
    if (count > 0 && below + count >= wanted) return 2 ** ((bucket + (wanted - below) / count) / 2) / 1000;
    below += count;
  }
  return 2 ** (histogram.length / 2) / 1000;
}

/** The metric's own number: per second for counts, share 0..1, milliseconds; undefined if it was not measured. */
export function metricValue(figures: Figures, metric: MapMetric, seconds: number): number | undefined {
  switch (metric) {
    case 'requests':
      return figures.requests > 0 ? figures.requests / seconds : undefined;
    case 'flows':
      return figures.flows / seconds;
    case 'bytes':
      return figures.bytes / seconds;
    case 'drops':
      return figures.dropped / seconds;
    case 'error-share':
      return figures.responses > 0 ? errorShareOf(figures) : undefined;
    case 'latency-p50':
      return figures.p50Ms;
    case 'latency-p99':
      return figures.p99Ms;
  }
}
