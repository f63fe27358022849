// What kind of mesh carried a request, in the words of the page.

import { MeshKind } from '#proto/gen/parallax/v1/flow_details.ts';

export const meshWords: Readonly<Record<number, string>> = {
  [MeshKind.MESH_KIND_UNKNOWN]: '',
  [MeshKind.MESH_KIND_PER_NODE]: 'per-node Envoy',
  [MeshKind.MESH_KIND_SIDECAR]: 'sidecar',
  [MeshKind.MESH_KIND_WAYPOINT]: 'waypoint',
  [MeshKind.MESH_KIND_GATEWAY]: 'gateway',
  [MeshKind.MESH_KIND_INGRESS]: 'ingress',
};
