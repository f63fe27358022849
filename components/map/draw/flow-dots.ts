// The moving dots: how many each link carries and where they are at a moment. At most 1500 on the whole map.

import type { Rect } from '../routing/grid-metrics.ts';
import { type FlatPath, pointAt } from '../routing/rounded-path.ts';
import type { Palette } from './palette.ts';
import type { Camera } from './static-layer.ts';

export const MAX_DOTS = 1500;
/** Pixels a second, the same on every link: traffic reads as one stream. Also the least time of a trip. */
const SPEED = 92;
const MIN_TRIP_MS = 1400;

export interface DotLink {
  readonly path: FlatPath;
  readonly count: number;
  readonly isLit: boolean;
}

/** 1.2 x log10(rate) dots a link, at least one where anything flows. */
export function dotsFor(perSecond: number): number {
  return perSecond <= 0 ? 0 : Math.max(1, Math.round(1.2 * Math.log10(perSecond)));
}

export function paintDots(
  context: CanvasRenderingContext2D,
  links: readonly DotLink[],
  palette: Palette,
  camera: Camera,
  view: Rect,
  timeMs: number,
): void {
  for (const isLit of [false, true]) {
    context.fillStyle = isLit ? palette.accent : palette.particle;
    context.beginPath();
    const radius = (isLit ? 2.2 : 1.7) * Math.max(0.6, Math.min(1, camera.k));
    for (const link of links) {
      if (link.isLit !== isLit) continue;
      const trip = Math.max(MIN_TRIP_MS, (link.path.total / SPEED) * 1000);
      for (let dot = 0; dot < link.count; dot++) {
        const share = (timeMs / trip + dot / link.count) % 1;
        const at = pointAt(link.path, share * link.path.total);
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
