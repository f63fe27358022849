// The corners of all lines as numbers, so that they cross between threads as two blocks of memory and not as ten thousand
// objects. Made where lines are routed; made smooth by whoever draws them.

import type { Point } from './grid-metrics.ts';
import { type SmoothPath, smoothPath } from './rounded-path.ts';

export interface LineTable {
  /** By line. */
  readonly ids: readonly string[];
  /** Index of each line's first corner, and at the end the number of all. */
  readonly starts: Uint32Array<ArrayBuffer>;
  /** x, y of each corner, from source to destination. */
  readonly corners: Float64Array<ArrayBuffer>;
}

export function lineTable(routes: ReadonlyMap<string, readonly Point[]>): LineTable {
  const ids = [...routes.keys()];
  const starts = new Uint32Array(ids.length + 1);
  let count = 0;
  for (const [index, id] of ids.entries()) {
    count += routes.get(id)?.length ?? 0;
    starts[index + 1] = count;
  }
  const corners = new Float64Array(count * 2);
  let at = 0;
  for (const route of routes.values()) {
    for (const { x, y } of route) {
      corners[at++] = x;
      corners[at++] = y;
    }
  }
  return { ids, starts, corners };
}

/** As drawn, in the table's order. */
export function smoothLines({ ids, starts, corners }: LineTable): SmoothPath[] {
  return ids.map((_, index) => {
    const route: Point[] = [];
    for (let at = starts[index] ?? 0; at < (starts[index + 1] ?? 0); at++) {
      route.push({ x: corners[at * 2] ?? 0, y: corners[at * 2 + 1] ?? 0 });
    }
    return smoothPath(route);
  });
}
