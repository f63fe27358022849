// A laid-out map ready to draw: rectangles, smooth lines, hit index. Immutable; replaced when the layout changes, and
// only then.

import type { LaidOutMap } from './layout/lay-out.ts';
import type { Placement } from './layout/placement.ts';
import { HitIndex } from './routing/hit-index.ts';
import { type FlatPath, flattenPath, type SmoothPath, smoothPath } from './routing/rounded-path.ts';
import type { RoutedMap } from './routing/route-links.ts';

export interface Scene extends RoutedMap {
  readonly placement: Placement;
  readonly smooth: ReadonlyMap<string, SmoothPath>;
  readonly flat: ReadonlyMap<string, FlatPath>;
  readonly hits: HitIndex;
}

export function makeScene({ placement, routed }: LaidOutMap): Scene {
  const smooth = new Map([...routed.routes].map(([id, corners]) => [id, smoothPath(corners)]));
  const flat = new Map([...smooth].map(([id, path]) => [id, flattenPath(path)]));
  return { ...routed, placement, smooth, flat, hits: new HitIndex(routed.cards, flat) };
}
