// Who a proxy is, from what it says of itself once a stream, and which kind of mesh it belongs to. Pure.

import type { Node } from '#proto/gen/envoy/config/core/v3/base.ts';
import { AccessLogOrigin } from '#proto/gen/parallax/v1/access_log.ts';
import { MeshKind } from '#proto/gen/parallax/v1/flow_details.ts';
import type { UpstreamService } from './upstream-cluster.ts';

/** Longest text taken over from a proxy's identity. */
const maxChars = 256;

/** Istio's form of Node.id: type~address~pod.namespace~namespace.svc.domain */
const istioId = /^(sidecar|router|waypoint|ingress|ztunnel)~([^~]*)~([^~]*)\.([^~.]+)~/;

export function originOf(logName: string, node: Node | undefined): AccessLogOrigin {
  const id = cut(node?.id ?? '');
  const istio = istioId.exec(id);
  const version = node?.userAgentVersionType;
  const build = version?.$case === 'userAgentBuildVersion' ? version.value.version : undefined;
  return {
    ...AccessLogOrigin.create(),
    logName: cut(logName),
    nodeId: id,
    nodeCluster: cut(node?.cluster ?? ''),
    nodeName: cut(textOf(node?.metadata?.NODE_NAME)),
    podName: istio?.[3] ?? cut(textOf(node?.metadata?.NAME)),
    namespace: istio?.[4] ?? cut(textOf(node?.metadata?.NAMESPACE)),
    proxy: cut(node?.userAgentName === undefined || node.userAgentName === '' ? 'envoy' : node.userAgentName),
    proxyVersion:
      version?.$case === 'userAgentVersion'
        ? cut(version.value)
        : build === undefined
          ? ''
          : `${build.majorNumber}.${build.minorNumber}.${build.patch}`,
  };
}

/**
 * The kind of mesh a proxy is part of. What it says of itself comes first; else the form of the cluster's name, which
 * tells the control plane. UNKNOWN where neither says anything: none is guessed.
 */
export function meshKindOf(origin: AccessLogOrigin, upstream: UpstreamService | undefined): MeshKind {
  switch (istioId.exec(origin.nodeId)?.[1]) {
    case 'sidecar':
      return MeshKind.MESH_KIND_SIDECAR;
    case 'waypoint':
      return MeshKind.MESH_KIND_WAYPOINT;
    case 'router':
      return MeshKind.MESH_KIND_GATEWAY;
    case 'ingress':
      return MeshKind.MESH_KIND_INGRESS;
    default:
  }
  // Cilium's agent names its Envoy after the host: "host~<ip>~no-id~localdomain".
  if (origin.nodeId.startsWith('host~')) {
    return /ingress/i.test(origin.logName) ? MeshKind.MESH_KIND_INGRESS : MeshKind.MESH_KIND_PER_NODE;
  }
  if (upstream?.controlPlane === 'cilium') return MeshKind.MESH_KIND_PER_NODE;
  if (upstream?.controlPlane === 'envoy-gateway' || origin.nodeCluster.startsWith('envoy-gateway')) {
    return MeshKind.MESH_KIND_GATEWAY;
  }
  if (upstream?.direction === 'inbound') return MeshKind.MESH_KIND_SIDECAR;
  // A proxy whose log file was given by hand stands where somebody put it: at the edge.
  if (origin.format !== '' && origin.proxy !== 'envoy') return MeshKind.MESH_KIND_INGRESS;
  return MeshKind.MESH_KIND_UNKNOWN;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function cut(text: string): string {
  return text.length > maxChars ? text.slice(0, maxChars) : text;
}
