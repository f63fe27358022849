// What lies under a point: a uniform grid over cards and path segments. Also answers how far the nearest other line is,
// which is what markers need to stand clear.

import type { Point, Rect } from './grid-metrics.ts';
import type { FlatPath } from './rounded-path.ts';

const CELL = 128;

export type Hit = { readonly kind: 'card'; readonly id: string } | { readonly kind: 'link'; readonly id: string };

interface Bucket {
  readonly cards: string[];
  /** Link id and the index of the segment's first point, alternating arrays of equal length. */
  readonly links: string[];
  readonly segments: number[];
}

export class HitIndex {
  readonly #cards: ReadonlyMap<string, Rect>;
  readonly #paths: ReadonlyMap<string, FlatPath>;
  readonly #buckets = new Map<string, Bucket>();

  /** O(cards + segments x cells they touch). */
  constructor(cards: ReadonlyMap<string, Rect>, paths: ReadonlyMap<string, FlatPath>) {
    this.#cards = cards;
    this.#paths = paths;
    for (const [id, rect] of cards) {
      this.#cover(rect.x, rect.y, rect.x + rect.width, rect.y + rect.height, (bucket) => bucket.cards.push(id));
    }
    for (const [id, { points }] of paths) {
      for (let at = 0; at + 3 < points.length; at += 2) {
        const [x1, y1, x2, y2] = segment(points, at);
        this.#cover(Math.min(x1, x2), Math.min(y1, y2), Math.max(x1, x2), Math.max(y1, y2), (bucket) => {
          bucket.links.push(id);
          bucket.segments.push(at);
        });
      }
    }
  }

  /** The card at a point, else the nearest link within `reach`; `reach` must stay below the grid's 128. */
  at(point: Point, reach: number): Hit | null {
    for (const id of this.#bucket(point.x, point.y)?.cards ?? []) {
      const rect = this.#cards.get(id);
      if (rect && contains(rect, point)) return { kind: 'card', id };
    }
    const nearest = this.nearestLink(point, reach);
    return nearest ? { kind: 'link', id: nearest.id } : null;
  }

  nearestLink(point: Point, reach: number, exceptId?: string): { id: string; distance: number } | null {
    let best: { id: string; distance: number } | null = null;
    this.#around(point, reach, (bucket) => {
      bucket.links.forEach((id, index) => {
        if (id === exceptId) return;
        const points = this.#paths.get(id)?.points;
        if (!points) return;
        const distance = distanceTo(point, ...segment(points, bucket.segments[index] ?? 0));
        if (distance <= reach && (!best || distance < best.distance)) best = { id, distance };
      });
    });
    return best;
  }

  /** Distance to the nearest card, or `reach` if none is nearer. */
  cardDistance(point: Point, reach: number): number {
    let nearest = reach;
    this.#around(point, reach, (bucket) => {
      for (const id of bucket.cards) {
        const rect = this.#cards.get(id);
        if (!rect) continue;
        const dx = Math.max(rect.x - point.x, 0, point.x - rect.x - rect.width);
        const dy = Math.max(rect.y - point.y, 0, point.y - rect.y - rect.height);
        nearest = Math.min(nearest, Math.hypot(dx, dy));
      }
    });
    return nearest;
  }

  #around(point: Point, reach: number, visit: (bucket: Bucket) => void): void {
    for (let x = Math.floor((point.x - reach) / CELL); x <= Math.floor((point.x + reach) / CELL); x++) {
      for (let y = Math.floor((point.y - reach) / CELL); y <= Math.floor((point.y + reach) / CELL); y++) {
        const bucket = this.#buckets.get(`${x},${y}`);
        if (bucket) visit(bucket);
      }
    }
  }

  #bucket(x: number, y: number): Bucket | undefined {
    return this.#buckets.get(`${Math.floor(x / CELL)},${Math.floor(y / CELL)}`);
  }

  #cover(left: number, top: number, right: number, bottom: number, put: (bucket: Bucket) => void): void {
    for (let x = Math.floor(left / CELL); x <= Math.floor(right / CELL); x++) {
      for (let y = Math.floor(top / CELL); y <= Math.floor(bottom / CELL); y++) {
        const key = `${x},${y}`;
        let bucket = this.#buckets.get(key);
        if (!bucket) {
          bucket = { cards: [], links: [], segments: [] };
          this.#buckets.set(key, bucket);
        }
        put(bucket);
      }
    }
  }
}

function segment(points: Float32Array, at: number): [number, number, number, number] {
  return [points[at] ?? 0, points[at + 1] ?? 0, points[at + 2] ?? 0, points[at + 3] ?? 0];
}

function contains(rect: Rect, point: Point): boolean {
  return point.x >= rect.x && point.x <= rect.x + rect.width && point.y >= rect.y && point.y <= rect.y + rect.height;
}

function distanceTo(point: Point, x1: number, y1: number, x2: number, y2: number): number {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const squared = dx * dx + dy * dy;
  const share = squared === 0 ? 0 : Math.max(0, Math.min(1, ((point.x - x1) * dx + (point.y - y1) * dy) / squared));
  return Math.hypot(point.x - x1 - share * dx, point.y - y1 - share * dy);
}
