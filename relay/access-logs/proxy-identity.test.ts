import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Node } from '#proto/gen/envoy/config/core/v3/base.ts';
import { MeshKind } from '#proto/gen/parallax/v1/flow_details.ts';
import { meshKindOf, originOf } from './proxy-identity.ts';
import { parseUpstreamCluster } from './upstream-cluster.ts';

function meshOf(id: string, cluster = '', logName = 'http'): MeshKind {
  return meshKindOf(originOf(logName, Node.fromPartial({ id })), parseUpstreamCluster(cluster));
}

test('the kind of mesh is what the proxy says of itself, else what its control plane is known by, else unknown', () => {
  assert.equal(meshOf('sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local'), MeshKind.MESH_KIND_SIDECAR);
  assert.equal(meshOf('waypoint~10.0.0.1~waypoint-1.shop~shop.svc.cluster.local'), MeshKind.MESH_KIND_WAYPOINT);
  assert.equal(
    meshOf('router~10.0.0.1~gateway-1.istio-system~istio-system.svc.cluster.local'),
    MeshKind.MESH_KIND_GATEWAY,
  );
  assert.equal(meshOf('host~10.0.0.1~no-id~localdomain'), MeshKind.MESH_KIND_PER_NODE);
  assert.equal(meshOf('', 'httproute/shop/web/rule/0'), MeshKind.MESH_KIND_GATEWAY);
  assert.equal(meshOf('', 'shop/config:shop/web:80'), MeshKind.MESH_KIND_PER_NODE);
  assert.equal(meshOf('envoy-1'), MeshKind.MESH_KIND_UNKNOWN);
});

test("Istio's id names the proxy's pod", () => {
  const origin = originOf('http', Node.fromPartial({ id: 'sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local' }));
  assert.deepEqual([origin.namespace, origin.podName], ['shop', 'web-1']);
});

test('the service behind a cluster, in the forms of each control plane', () => {
  const nameOf = (cluster: string) => parseUpstreamCluster(cluster)?.name;
  assert.equal(nameOf('outbound|80|v1|reviews.shop.svc.cluster.local'), 'shop/reviews');
  assert.equal(nameOf('outbound|443||api.example.com'), 'api.example.com');
  assert.equal(nameOf('httproute/shop/reviews/rule/0'), 'shop/reviews');
  assert.equal(nameOf('kube-system/cilium-ingress/shop:reviews:80'), 'shop/reviews');
  assert.equal(nameOf('xds_cluster'), undefined);
  assert.equal(parseUpstreamCluster('inbound|8080||')?.direction, 'inbound');
});
