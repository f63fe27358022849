// What names from the API server cost a relay, with 10,000 pods: memory, time from an event to its effect, time per flow.
// `node bench/kubernetes/names.ts`, some 30 s; prints one table. The API server is a double in a process of its own.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { packFlowDetails } from '#flow/details.ts';
import { ClusterWatch } from '#kubernetes/cluster-watch.ts';
import { Flow } from '#proto/gen/flow/flow.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { FlowDetails } from '#proto/gen/parallax/v1/flow_details.ts';
import { ClusterNames, nameResources } from '#relay/names/cluster-names.ts';

const probes = 1000;
const probeEveryMs = 5;
const flows = 100_000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const api = fork(join(import.meta.dirname, 'api-server-process.ts'), {
  execArgv: ['--disable-warning=ExperimentalWarning'],
});
const [{ url }] = (await once(api, 'message')) as [{ url: string }];
const access = {
  text: url,
  server: new URL(url),
  credentials: async () => ({ headers: {}, tls: {} }),
  forget: () => {},
};

collect();
const before = process.memoryUsage();
const watch = new ClusterWatch({ access, component: 'bench', resources: nameResources });
const names = new ClusterNames(watch, 'default');
const begunMs = performance.now();
const begunCpu = process.cpuUsage();
await watch.start(60_000);
const listedMs = performance.now() - begunMs;
const listCpu = process.cpuUsage(begunCpu);
// Each pod is named once, so that what is made on demand is counted too.
for (let i = 0; i < 10_000; i += 1) nameOnce(message({ destination: addressOf(i) }));
const peakRss = process.resourceUsage().maxRSS * 1024;
for (let i = 0; i < 4; i += 1) collect();
const after = process.memoryUsage();

const delays: number[] = [];
watch.subscribe({
  upsert: ({ meta }) => {
    const sentMs = Number(meta.labels.get('sent'));
    if (sentMs > 0) delays.push(performance.timeOrigin + performance.now() - sentMs);
  },
});
api.send({ probes, everyMs: probeEveryMs });
while (delays.length < probes) await new Promise((resolve) => setTimeout(resolve, 20));
delays.sort((left, right) => left - right);

const rows: [string, Uint8Array[]][] = [
  ['both ends named', range((i) => message({ ...sourceOf(i), destinationEnd: endOf(i) }))],
  ['one end to fill, by address', range((i) => message({ ...sourceOf(i), destination: addressOf(i) }))],
  ['both ends to fill, by address', range((i) => message({ source: addressOf(i + 1), destination: addressOf(i) }))],
  [
    'one workload to fill, by pod',
    range((i) =>
      message({ ...sourceOf(i), destination: addressOf(i), destinationEnd: { ...endOf(i), workloads: [] } }),
    ),
  ],
  ["a service's address", range((i) => message({ ...sourceOf(i), destination: `10.96.${(i >> 8) & 3}.${i & 255}` }))],
  ['an address outside', range((i) => message({ ...sourceOf(i), destination: '1.1.1.1' }))],
];
const perFlow = rows.map(([name, messages]) => [name, cpuPerFlow(messages)] as const);
await watch.stop();
api.disconnect();

const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
const cpuMs = ({ user, system }: NodeJS.CpuUsage) => `${((user + system) / 1000).toFixed(0)} ms`;
const at = (share: number) => `${(delays[Math.floor(delays.length * share)] ?? 0).toFixed(1)} ms`;
process.stdout.write(`10,000 pods, 10,000 ReplicaSets, 1,000 services, 200 nodes

| what | figure |
| --- | --- |
| heap added, after collection | ${mb(after.heapUsed - before.heapUsed)} |
| resident memory added, after collection | ${mb(after.rss - before.rss)} |
| resident memory at its peak, over the start | ${mb(peakRss - before.rss)} |
| everything listed | ${listedMs.toFixed(0)} ms, ${cpuMs(listCpu)} CPU |
| from a pod's change to its name, median | ${at(0.5)} |
| the same, 99 of 100 | ${at(0.99)} |
${perFlow.map(([name, ns]) => `| a flow with ${name} | ${ns.toFixed(0)} ns, ${(1e3 / ns).toFixed(2)} million/s |`).join('\n')}
`);

function nameOnce(bytes: Uint8Array): void {
  names.name(bytes, 0, bytes.length);
}

/** Nanoseconds of CPU time, after as many to warm up. Messages lie side by side, as they come from a socket. */
function cpuPerFlow(messages: readonly Uint8Array[]): number {
  const chunk = Buffer.concat(messages);
  const ends = messages.map(
    (
      (end) =>
      ({ length }) =>
        (end += length)
    )(0),
  );
  const run = () => {
    for (let i = 0; i < flows; i += 1) {
      const at = i % messages.length;
      names.name(chunk, at === 0 ? 0 : (ends[at - 1] as number), ends[at] as number);
    }
  };
  run();
  const begun = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(begun);
  return ((user + system) * 1000) / flows;
}

function range<Value>(make: (i: number) => Value): Value[] {
  return Array.from({ length: 1000 }, (_, i) => make(i));
}

function addressOf(i: number): string {
  return `10.${1 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`;
}

/** As the node of a pod names it. */
function endOf(i: number) {
  const deployment = Math.floor(i / 10);
  const [app, namespace] = [`app-${deployment}`, `team-${deployment % 50}`];
  const hash = (0x5d9c7b00 + deployment).toString(16);
  return {
    ...{ identity: 300, namespace, podName: `${app}-${hash}-${i.toString(36)}`, clusterName: 'default' },
    labels: [
      `k8s:app=${app}`,
      'k8s:io.cilium.k8s.policy.cluster=default',
      `k8s:io.kubernetes.pod.namespace=${namespace}`,
    ],
    workloads: [{ name: app, kind: 'Deployment' }],
  };
}

function sourceOf(i: number) {
  return { source: addressOf(i + 1), sourceEnd: endOf(i + 1) };
}

interface Ends {
  readonly source?: string;
  readonly destination?: string;
  readonly sourceEnd?: Partial<Flow['source']>;
  readonly destinationEnd?: Partial<Flow['destination']>;
}

/** Some 600 bytes, as flows of nodes are. */
function message({ source = '10.250.0.1', destination = '10.250.0.2', sourceEnd, destinationEnd }: Ends): Uint8Array {
  const time = { seconds: BigInt(Math.floor(Date.now() / 1000)), nanos: 5 };
  const value = Flow.fromPartial({
    ...{ time, uuid: '6f1c2a90-1111-4000-8000-000000000000', verdict: 1, nodeName: 'node-1', Type: 1 },
    ...{ IP: { source, destination, ipVersion: 1 }, isReply: false, trafficDirection: 1 },
    ...{ source: sourceEnd, destination: destinationEnd },
    l4: { protocol: { $case: 'TCP', value: { sourcePort: 40_000, destinationPort: 80, flags: { SYN: true } } } },
    Summary: 'TCP Flags: SYN',
    extensions: packFlowDetails(FlowDetails.fromPartial({ reason: 1, initiator: { bytes: 74n, packets: 1n } })),
  } as Parameters<typeof Flow.fromPartial>[0]);
  return GetFlowsResponse.encode({ responseTypes: { $case: 'flow', value }, nodeName: 'node-1', time }).finish();
}
