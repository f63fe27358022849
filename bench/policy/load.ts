// 10,000 policies in YAML read and compiled: CPU time, and the longest that anything else in the process had to wait.
// Run: node bench/policy/load.ts

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { emptyWorld } from '#policy/world.ts';
import { compilePolicies } from '#relay/policy/compile-policies.ts';
import { parseObjects } from '#relay/policy/object-text.ts';

const text = Array.from(
  { length: 10_000 },
  (_, index) => `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: policy-${index}
  namespace: ns-${index % 100}
spec:
  podSelector:
    matchLabels: {app: app-${index}}
  policyTypes: [Ingress]
  ingress:
    - from:
        - podSelector: {matchLabels: {app: app-${index + 1}}}
        - ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}
      ports:
        - {protocol: TCP, port: 8080}
`,
).join('---\n');

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
const begun = process.cpuUsage();
const objects = await parseObjects(text, 'all.yaml');
const read = process.cpuUsage(begun);
const { set } = await compilePolicies(objects, emptyWorld);
const all = process.cpuUsage(begun);
delay.disable();
process.stdout.write(`| step | figure |
| --- | --- |
| read ${objects.length} policies, ${(text.length / 1e6).toFixed(1)} MB of YAML | ${((read.user + read.system) / 1e6).toFixed(2)} s CPU |
| compile ${set.sections.length} sections | ${((all.user + all.system - read.user - read.system) / 1e6).toFixed(2)} s CPU |
| longest wait of others, 99th percentile | ${(delay.max / 1e6).toFixed(0)} ms, ${(delay.percentile(99) / 1e6).toFixed(0)} ms |
`);
