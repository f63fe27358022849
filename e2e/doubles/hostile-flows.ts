// What an attacker in the cluster could have the page show: names with markup, text that runs the other way, a label
// longer than any screen. One service and its flows, to be told beside the shop's.

import { Flow, FlowType, Verdict } from '#proto/gen/flow/flow.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { Vertex, VertexKind } from '#proto/gen/parallax/v1/dashboard.ts';
import { timestamp } from './shop-flows.ts';

export const hostile = {
  /** Runs, and says so in `window.isHijacked`, if it is ever taken for markup. */
  markup: '<img src=x onerror="window.isHijacked=true">',
  /** U+202E: what follows reads from right to left, and with it everything that is not kept apart. */
  reversed: '\u202egnp.exe',
  longLabel: `k8s:note=${'long '.repeat(2_000)}`,
} as const;

export const hostileVertex = Vertex.fromPartial({
  id: `${hostile.reversed}/${hostile.markup}`,
  kind: VertexKind.VERTEX_KIND_WORKLOAD,
  cluster: 'prod-eu-west',
  namespace: hostile.reversed,
  name: hostile.markup,
  workloadKind: 'Deployment',
  labels: [hostile.longLabel],
  pods: 1,
});

export function hostileFlow(nowMs: number): GetFlowsResponse {
  const time = timestamp(nowMs);
  const end = (namespace: string, name: string) => ({
    identity: 9,
    namespace,
    podName: `${name}-0`,
    labels: [hostile.longLabel],
    workloads: [{ name, kind: 'Deployment' }],
  });
  const http = { code: 200, method: 'GET', url: `http://x/${hostile.markup}`, protocol: 'HTTP/1.1', headers: [] };
  const flow = Flow.fromPartial({
    time,
    uuid: `hostile-${nowMs}`,
    verdict: Verdict.FORWARDED,
    IP: { source: '10.244.66.6', destination: '10.244.0.17', ipVersion: 1 },
    l4: { protocol: { $case: 'TCP', value: { sourcePort: 6_666, destinationPort: 80 } } },
    source: end(hostile.reversed, hostile.markup),
    destination: end('shop', 'web'),
    Type: FlowType.L7,
    l7: { type: 2, latencyNs: 1_000_000n, record: { $case: 'http', value: http } },
    nodeName: hostile.markup,
  });
  return GetFlowsResponse.fromPartial({
    time,
    nodeName: hostile.markup,
    responseTypes: { $case: 'flow', value: flow },
  });
}
