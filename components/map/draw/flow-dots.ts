// The moving dots: how many each link carries and where they are at a moment. At most 1500 on the whole map.

import type { Rect } from '../routing/grid-metrics.ts';
import { type FlatPath, pointAt } from '../routing/rounded-path.ts';
import type { Camera } from './static-layer.ts';

export const MAX_DOTS = 1500;
/** Pixels a second, the same on every link: traffic reads as one stream. Also the least time of a trip. */
const SPEED = 92;
const MIN_TRIP_MS = 1400;
/** What fits beside the flag in a byte. */
const MAX_DOTS_OF_LINK = 127;
const LIT = 128;

export interface DotColours {
  readonly plain: string;
  readonly lit: string;
}

/** 1.2 x log10(rate) dots a link, at least one where anything flows. */
export function dotsFor(perSecond: number): number {
  return perSecond <= 0 ? 0 : Math.max(1, Math.round(1.2 * Math.log10(perSecond)));
}

/** A link's dots as one byte, so that all of them cross to a worker as one array. */
export function dotByte(count: number, isLit: boolean): number {
  return Math.min(MAX_DOTS_OF_LINK, count) | (isLit ? LIT : 0);
}

/** @param dots a byte for each path: see dotByte */
export function paintDots(
  context: OffscreenCanvasRenderingContext2D,
  paths: readonly FlatPath[],
  dots: Uint8Array,
  colours: DotColours,
  camera: Camera,
  view: Rect,
  timeMs: number,
): void {
  for (const flag of [0, LIT]) {
    context.fillStyle = flag === LIT ? colours.lit : colours.plain;
    context.beginPath();
    const radius = (flag === LIT ? 2.2 : 1.7) * Math.max(0.6, Math.min(1, camera.k));
    let left = MAX_DOTS;
    for (const [index, path] of paths.entries()) {
      const byte = dots[index] ?? 0;
      const count = Math.min(left, byte & MAX_DOTS_OF_LINK);
      left -= count;
      if ((byte & LIT) !== flag) continue;
      const trip = Math.max(MIN_TRIP_MS, (path.total / SPEED) * 1000);
      for (let dot = 0; dot < count; dot++) {
        const share = (timeMs / trip + dot / count) % 1;
        const at = pointAt(path, share * path.total);
        if (at.x < view.x || at.y < view.y || at.x > view.x + view.width || at.y > view.y + view.height) continue;
        const x = at.x * camera.k + camera.x;
        const y = at.y * camera.k + camera.y;
        context.moveTo(x + radius, y);
        context.arc(x, y, radius, 0, Math.PI * 2);
      }
    }
    context.fill();
  }
}
