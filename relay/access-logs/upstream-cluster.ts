// What the name of an upstream cluster says of the service behind it. Each control plane has its own form. Pure.
//
//   Istio           outbound|80|v1|reviews.shop.svc.cluster.local      inbound|8080||
//   Envoy Gateway   httproute/shop/reviews/rule/0                      grpcroute/...
//   Cilium          shop/config:shop/reviews:80   kube-system/cilium-ingress/shop:reviews:80   shop:reviews:80

export interface UpstreamService {
  /** "namespace/name", or a host outside of the cluster. */
  readonly name: string;
  /** Empty where the form tells only a route. */
  readonly port: string;
  readonly controlPlane: 'istio' | 'envoy-gateway' | 'cilium';
  readonly direction: 'inbound' | 'outbound';
}

const kubernetesName = '[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?';
const gatewayRoute = new RegExp(`^(?:http|grpc|tcp|tls|udp)route/(${kubernetesName})/(${kubernetesName})/rule/`);
const ciliumService = new RegExp(`(?:^|[:/])(${kubernetesName})[:/](${kubernetesName}):(\\d{1,5})$`);
const serviceHost = new RegExp(
  `^(${kubernetesName.replace('.', '')})\\.(${kubernetesName.replace('.', '')})\\.svc(?:\\.|$)`,
);

/** Names that were read lately: a mesh has some thousands, each in every entry. */
const known = new Map<string, UpstreamService | undefined>();
const maxKnown = 8192;

/** Undefined for a name in none of the known forms. */
export function parseUpstreamCluster(cluster: string): UpstreamService | undefined {
  if (cluster === '') return undefined;
  const before = known.get(cluster);
  if (before !== undefined || known.has(cluster)) return before;
  const service = parse(cluster);
  if (known.size >= maxKnown) known.clear();
  if (cluster.length <= 256) known.set(cluster, service);
  return service;
}

function parse(cluster: string): UpstreamService | undefined {
  const istio = cluster.split('|');
  const [way, port = '', , host = ''] = istio;
  if (istio.length === 4 && (way === 'outbound' || way === 'inbound')) {
    return { name: serviceOfHost(host), port, controlPlane: 'istio', direction: way };
  }
  const route = gatewayRoute.exec(cluster);
  if (route !== null)
    return { name: `${route[1]}/${route[2]}`, port: '', controlPlane: 'envoy-gateway', direction: 'outbound' };
  const cilium = ciliumService.exec(cluster);
  if (cilium !== null) {
    return { name: `${cilium[1]}/${cilium[2]}`, port: cilium[3] ?? '', controlPlane: 'cilium', direction: 'outbound' };
  }
  return undefined;
}

/** "reviews.shop.svc.cluster.local" as "shop/reviews"; any other host as it is. */
export function serviceOfHost(host: string): string {
  const service = serviceHost.exec(host);
  return service === null ? host : `${service[2]}/${service[1]}`;
}
