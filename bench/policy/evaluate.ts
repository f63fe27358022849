// 1,000 policies over 10,000 endpoints: time to compile, and time a flow. Run: node bench/policy/evaluate.ts

import { type PolicyFlow, PolicySet } from '#policy/policy-set.ts';
import { emptyWorld, type World } from '#policy/world.ts';

const namespaces = 50;
const workloadsEach = 20;
const replicas = 10;
const policyCount = 1000;
const flowCount = 1_000_000;

const name = (kind: string, index: number): string => `${kind}-${index}`;

const world: World = {
  ...emptyWorld,
  namespaces: Array.from({ length: namespaces }, (_, index) => ({
    name: name('ns', index),
    labels: { 'kubernetes.io/metadata.name': name('ns', index), team: name('team', index % 7) },
  })),
  pods: Array.from({ length: namespaces * workloadsEach * replicas }, (_, index) => {
    const workload = Math.floor(index / replicas);
    const namespace = Math.floor(workload / workloadsEach);
    return {
      namespace: name('ns', namespace),
      name: `app-${workload}-${index % replicas}`,
      labels: {
        app: name('app', workload),
        tier: name('tier', workload % 4),
        'pod-template-hash': name('h', workload),
      },
      addresses: [`10.${1 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`],
      namedPorts: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    };
  }),
};

const policies = Array.from({ length: policyCount }, (_, index) => ({
  kind: 'NetworkPolicy',
  metadata: { namespace: name('ns', index % namespaces), name: name('policy', index) },
  spec: {
    podSelector: { matchLabels: { tier: name('tier', index % 4) } },
    policyTypes: ['Ingress'],
    ingress: [
      { from: [{ namespaceSelector: { matchLabels: { team: name('team', index % 7) } } }], ports: [{ port: 8080 }] },
      {
        from: [{ podSelector: { matchLabels: { app: name('app', index) } } }, { ipBlock: { cidr: '192.168.0.0/16' } }],
      },
    ],
  },
}));

/** Time that the process used, whatever else the machine does. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

for (const dialect of ['kubernetes', 'cilium'] as const) {
  const begun = cpuMs();
  const set = new PolicySet(policies, world, { dialect });
  const compileMs = cpuMs() - begun;
  const pods = set.parties.pods;
  const flows: PolicyFlow[] = [];
  let seed = 1;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  for (let index = 0; index < 50_000; index += 1) {
    const source = pods[random(pods.length)];
    const destination = pods[random(pods.length)];
    if (source !== undefined && destination !== undefined)
      flows.push({ source, destination, protocol: 'TCP', port: random(2) === 0 ? 8080 : 9090 });
  }
  let denied = 0;
  const evaluated = cpuMs();
  for (let index = 0; index < flowCount; index += 1) {
    const flow = flows[index % flows.length];
    if (flow !== undefined && set.evaluate(flow).verdict === 'denied') denied += 1;
  }
  const perFlowUs = ((cpuMs() - evaluated) * 1000) / flowCount;
  process.stdout.write(
    `${dialect.padEnd(10)}  ${policyCount} policies x ${pods.length} endpoints: compile ${compileMs.toFixed(0)} ms, ${perFlowUs.toFixed(2)} us a flow (${((100 * denied) / flowCount).toFixed(0)} % denied)\n`,
  );
}
