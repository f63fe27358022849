// Service addresses on the demo's bridge, as nftables text for the bridge family. Pure. A frame for a clusterIP is
// turned, after the client's host-side veth has seen it, into one for a pod; the answer is turned back. So a capture sees
// on the client's side the service and on the pod's side the pod, as with kube-proxy, and neither the host's
// routing, forwarding nor connection tracking takes part.
import { type PodPlan, podsOf } from './plan.ts';

export const bridgeTable = 'parallax_demo';

/** Rules for all services that have a clusterIP. The pod is chosen by a hash of the client's address and port. */
export function compileServiceVips(pods: readonly PodPlan[]): string {
  const workloads = new Set(pods.map((pod) => pod.workload));
  const compiled = [...workloads].flatMap((workload) => {
    const { service } = workload;
    if (service?.clusterIp === undefined) return [];
    return [compileService({ ...service, vip: service.clusterIp }, podsOf(pods, workload.key))];
  });
  return [
    `table bridge ${bridgeTable} {`,
    ...compiled.map(({ set }) => set),
    '  chain prerouting {',
    '    type filter hook prerouting priority dstnat; policy accept;',
    ...compiled.flatMap(({ rules }) => rules).map((rule) => `    ${rule}`),
    '  }',
    '}',
    '',
  ].join('\n');
}

interface VipService {
  readonly vip: string;
  readonly port: number;
  readonly targetPort: number;
  readonly transport: 'TCP' | 'UDP';
}

function compileService({ vip, port, targetPort, transport }: VipService, backends: readonly PodPlan[]) {
  const l4 = transport.toLowerCase();
  const clients = `clients_${vip.replaceAll('.', '_')}_${port}`;
  const choose = (of: (pod: PodPlan) => string) =>
    `jhash ip saddr . ${l4} sport mod ${backends.length} seed 0x706c map { ${backends.map((pod, n) => `${n} : ${of(pod)}`).join(', ')} }`;
  const toPod = [
    `ip daddr ${vip} ${l4} dport ${port} update @${clients} { ip saddr . ${l4} sport }`,
    `ether daddr set ${choose((pod) => pod.mac)} ip daddr set ${choose((pod) => pod.ipv4)} ${l4} dport set ${targetPort}`,
  ].join(' ');
  const fromPod =
    `ip saddr { ${backends.map((pod) => pod.ipv4).join(', ')} } ${l4} sport ${targetPort} ` +
    `ip daddr . ${l4} dport @${clients} ip saddr set ${vip} ${l4} sport set ${port}`;
  return {
    // 4096 clients at 2 minutes hold 34 new connections a second; a full set leaves answers untranslated, so
    // new connections fail while the old go on.
    set: `  set ${clients} { type ipv4_addr . inet_service; flags dynamic,timeout; timeout 2m; size 4096; }`,
    rules: [toPod, fromPod],
  };
}
