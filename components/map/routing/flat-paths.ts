// The flat paths of all links in three arrays: a worker makes them and hands them over as they are, and views into them
// cost the page's thread next to nothing.

import type { Point } from './grid-metrics.ts';
import { type FlatPath, flattenPath, smoothPath } from './rounded-path.ts';

export interface FlatPaths {
  readonly ids: readonly string[];
  /** Index of each path's first point, and of the one behind the last. */
  readonly starts: Uint32Array<ArrayBuffer>;
  /** x and y of each point. */
  readonly points: Float32Array<ArrayBuffer>;
  /** Of each point, the length of its path up to there. */
  readonly lengths: Float32Array<ArrayBuffer>;
}

export function flatPaths(routes: ReadonlyMap<string, readonly Point[]>): FlatPaths {
  const paths = [...routes.values()].map((corners) => flattenPath(smoothPath(corners)));
  const starts = new Uint32Array(paths.length + 1);
  paths.forEach((path, index) => {
    starts[index + 1] = (starts[index] ?? 0) + path.lengths.length;
  });
  const count = starts[paths.length] ?? 0;
  const points = new Float32Array(count * 2);
  const lengths = new Float32Array(count);
  paths.forEach((path, index) => {
    const start = starts[index] ?? 0;
    points.set(path.points, start * 2);
    lengths.set(path.lengths, start);
  });
  return { ids: [...routes.keys()], starts, points, lengths };
}

/** By link. */
export function pathViews({ ids, starts, points, lengths }: FlatPaths): Map<string, FlatPath> {
  return new Map(
    ids.map((id, index) => {
      const [start = 0, end = 0] = [starts[index], starts[index + 1]];
      const total = end > start ? (lengths[end - 1] ?? 0) : 0;
      return [id, { points: points.subarray(start * 2, end * 2), lengths: lengths.subarray(start, end), total }];
    }),
  );
}
