// A laid-out map ready to draw: rectangles, lines, hit index. Immutable; replaced when the layout changes, and only then.
// What takes time was made beside the layout, so that this costs a frame at most.

import type { LaidOutMap } from './layout/lay-out.ts';
import type { Placement } from './layout/placement.ts';
import { pathViews } from './routing/flat-paths.ts';
import { HitIndex } from './routing/hit-index.ts';
import type { LineTable } from './routing/line-table.ts';
import type { FlatPath } from './routing/rounded-path.ts';
import type { RoutedMap } from './routing/route-links.ts';

export interface Scene extends Omit<RoutedMap, 'routes'> {
  readonly placement: Placement;
  readonly lines: LineTable;
  readonly flat: ReadonlyMap<string, FlatPath>;
  readonly hits: HitIndex;
}

export function makeScene({ placement, routed, lines, paths, grid }: LaidOutMap): Scene {
  return { ...routed, placement, lines, flat: pathViews(paths), hits: new HitIndex(routed.cards, paths, grid) };
}
