// The demo's bridge, veth pairs and network namespaces: lines for `ip -batch` (pure) and the run of them.
// One `ip` process makes all links, one a namespace brings its end up, all of these at once.
import { bridgeName, type PodPlan, serviceGateway } from './plan.ts';
import { runTool } from './tool.ts';

/** Lines for `ip -batch -` in the host's namespace. */
export function hostLines(pods: readonly PodPlan[]): string[] {
  const bridge = [
    `link add ${bridgeName} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`,
    // No address of any family: the host's own routing never learns of the demo.
    `link set ${bridgeName} addrgenmode none`,
    `link set ${bridgeName} up`,
  ];
  const links = pods.flatMap(({ netns, hostInterface, mac }) => [
    `netns add ${netns}`,
    `link add ${hostInterface} type veth peer name eth0 address ${mac} netns ${netns}`,
    `link set ${hostInterface} addrgenmode none`,
    `link set ${hostInterface} master ${bridgeName} up`,
  ]);
  return [...bridge, ...links];
}

/** Lines for `ip -n NETNS -batch -`: the pod's own addresses and the way to services and to the internet. */
export function podLines(pod: PodPlan): string[] {
  const outside = pod.workload.kind === 'External';
  return [
    'link set lo up',
    'link set eth0 addrgenmode none',
    `addr add ${pod.ipv4}/${outside ? 24 : 16} dev eth0`,
    // Without `nodad` an IPv6 address could not be used for its first second.
    ...(pod.ipv6 ? [`addr add ${pod.ipv6}/48 dev eth0 nodad`] : []),
    'link set eth0 up',
    outside ? 'route add 10.244.0.0/16 dev eth0' : 'route add 203.0.113.0/24 dev eth0',
    `route add 10.96.0.0/16 via ${serviceGateway.ipv4} dev eth0 onlink`,
    `neigh add ${serviceGateway.ipv4} lladdr ${serviceGateway.mac} dev eth0 nud permanent`,
  ];
}

/** Makes all links and namespaces. Rejects with the tool's words; what was made by then is demoDown's to remove. */
export async function buildNetwork(pods: readonly PodPlan[], signal?: AbortSignal): Promise<void> {
  await runTool('ip', ['-batch', '-'], { input: hostLines(pods), signal });
  await Promise.all(
    pods.map((pod) => runTool('ip', ['-n', pod.netns, '-batch', '-'], { input: podLines(pod), signal })),
  );
}
