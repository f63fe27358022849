// The connections of a preview as the map marks them: by the gravest thing that would become of them. Pure.

import type { PolicyPreviewEdge } from '#proto/gen/parallax/v1/policy.ts';
import type { MarkedEdge } from '../../map/map-view-types.ts';

/** Connections that stay as they are get no mark. */
export function edgesToMark(edges: readonly PolicyPreviewEdge[]): MarkedEdge[] {
  return edges.flatMap(({ source, destination, flows }): MarkedEdge[] => {
    if (flows === undefined) return [];
    if (flows.newlyDenied > 0n) return [{ source, destination, mark: 'closes' }];
    if (flows.newlyAllowed > 0n) return [{ source, destination, mark: 'opens' }];
    return flows.uncertain > 0n ? [{ source, destination, mark: 'unsure' }] : [];
  });
}
