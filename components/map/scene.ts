// A laid-out map ready to draw: rectangles, smooth lines, hit index. Immutable; replaced when the layout changes, and
// only then. What takes time was made beside the layout, so that this costs a frame at most.

import type { LaidOutMap } from './layout/lay-out.ts';
import type { Placement } from './layout/placement.ts';
import { pathViews } from './routing/flat-paths.ts';
import { HitIndex } from './routing/hit-index.ts';
import { type FlatPath, type SmoothPath, smoothPath } from './routing/rounded-path.ts';
import type { RoutedMap } from './routing/route-links.ts';

export interface Scene extends RoutedMap {
  readonly placement: Placement;
  readonly smooth: ReadonlyMap<string, SmoothPath>;
  readonly flat: ReadonlyMap<string, FlatPath>;
  readonly hits: HitIndex;
}

export function makeScene({ placement, routed, paths, grid }: LaidOutMap): Scene {
  const smooth = new Map([...routed.routes].map(([id, corners]) => [id, smoothPath(corners)]));
  return { ...routed, placement, smooth, flat: pathViews(paths), hits: new HitIndex(routed.cards, paths, grid) };
}
