// CPU time that annotation costs the relay a flow: ends and port seen before, and new ones. Run: node bench/policy/annotate.ts

import { PolicySet } from '#policy/policy-set.ts';
import { emptyWorld } from '#policy/world.ts';
import { Flow } from '#proto/gen/flow/flow.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { FlowDetails } from '#proto/gen/parallax/v1/flow_details.ts';
import { Annotator } from '#relay/policy/annotator.ts';

const workloads = 200;
const flowCount = 400_000;

const policies = Array.from({ length: workloads }, (_, index) => ({
  kind: 'NetworkPolicy',
  metadata: { namespace: 'shop', name: `policy-${index}` },
  spec: {
    podSelector: { matchLabels: { app: `app-${index}` } },
    ingress: [{ from: [{ podSelector: { matchLabels: { app: `app-${(index + 1) % workloads}` } } }] }],
  },
}));

const end = (index: number) => ({
  namespace: 'shop',
  podName: `app-${index}-0`,
  labels: [`k8s:app=app-${index}`, 'k8s:io.kubernetes.pod.namespace=shop', 'k8s:io.cilium.k8s.policy.cluster=default'],
  workloads: [{ kind: 'Deployment', name: `app-${index}` }],
});

const messages = Array.from({ length: 8000 }, (_, index) => {
  const [from, to] = [index % workloads, (index * 7) % workloads];
  const value = Flow.fromPartial({
    verdict: 1,
    trafficDirection: 1,
    IP: { source: `10.0.0.${from}`, destination: `10.0.1.${to}` },
    l4: { protocol: { $case: 'TCP', value: { sourcePort: 30_000 + index, destinationPort: 8080 } } },
    source: end(from),
    destination: end(to),
    isReply: false,
    extensions: {
      typeUrl: 'type.googleapis.com/parallax.v1.FlowDetails',
      value: FlowDetails.encode(FlowDetails.fromPartial({ reason: 1 })).finish(),
    },
  });
  return GetFlowsResponse.encode({
    ...GetFlowsResponse.create(),
    responseTypes: { $case: 'flow', value },
    nodeName: 'node-1',
  }).finish();
});

const annotator = new Annotator(new PolicySet(policies, emptyWorld));
const run = (count: number): number => {
  const begun = process.cpuUsage();
  for (let index = 0; index < count; index += 1) {
    const message = messages[index % messages.length];
    if (message !== undefined) annotator.annotate(message, 0, message.length);
  }
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / count;
};
const first = run(messages.length);
const evaluated = annotator.counters.evaluated;
const again = run(flowCount);
process.stdout.write(
  `${messages.length} flows with ${evaluated} new pairs: ${first.toFixed(1)} us a flow; ${flowCount} known ones: ${again.toFixed(2)} us a flow\n`,
);
