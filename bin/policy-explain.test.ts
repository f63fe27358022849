import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { packFlowDetails } from '#flow/details.ts';
import { DropReason, Verdict } from '#proto/gen/flow/flow.ts';
import { FlowDetails, PolicyExplanation_Agreement } from '#proto/gen/parallax/v1/flow_details.ts';
import { ObserverFixture } from '#relay/observer-fixture.ts';
import { PolicyFiles } from '#relay/policy/policy-files.ts';
import { startRelay } from '#relay/relay.ts';

const node = await ObserverFixture.start('node-1');
after(() => node.stop());

const details = FlowDetails.fromPartial({
  policy: {
    agreement: PolicyExplanation_Agreement.AGREES,
    summary: 'shop/isolate-api selects api-1, and none of its rules lets web-1 in.',
    ingressReasons: ['ingress[0] lacks the label app=web'],
  },
});
node.flow('passed');
node.flow('refused', 0, {
  verdict: Verdict.DROPPED,
  dropReasonDesc: DropReason.POLICY_DENIED,
  extensions: packFlowDetails(details),
});

function explain(...args: string[]): Promise<Outcome> {
  return explainAt(node.address, ...args);
}

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

function explainAt(server: string, ...args: string[]): Promise<Outcome> {
  const command = join(import.meta.dirname, 'parallax.ts');
  const child = spawn(process.execPath, [command, 'policy', 'explain', '--server', server, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, error] = ['', ''];
  child.stdout.on('data', (chunk) => (out += chunk));
  child.stderr.on('data', (chunk) => (error += chunk));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, error })));
}

test('a refused flow of a server is told in words, with the policy and what its rules lacked', async () => {
  const { code, out } = await explain('--verdict', 'DROPPED');
  assert.equal(code, 0);
  assert.match(out, /shop\/web-1.*shop\/api-1/s);
  assert.match(out, /isolate-api selects api-1/);
  assert.match(out, /lacks the label app=web/);
});

test('of a relay --last is of all nodes together, and each flow has what its policies say', async (context) => {
  const [a, b] = [await ObserverFixture.start('node-a'), await ObserverFixture.start('node-b')];
  const folder = await mkdtemp(join(tmpdir(), 'explain-'));
  context.after(() => Promise.all([a.stop(), b.stop(), rm(folder, { recursive: true })]));
  const isolated = { kind: 'NetworkPolicy', metadata: { namespace: 'shop', name: 'isolate-api' } };
  await writeFile(
    join(folder, 'a.json'),
    JSON.stringify({ ...isolated, spec: { podSelector: {}, policyTypes: ['Ingress'] } }),
  );
  const pod = (podName: string, identity: number) => ({
    ...{ namespace: 'shop', podName, identity },
    labels: ['k8s:io.kubernetes.pod.namespace=shop', `k8s:app=${podName}`],
  });
  for (const [index, one] of [a, b].entries()) {
    for (let i = 0; i < 4; i += 1) {
      const port = 1000 + 10 * i + index;
      const value = { sourcePort: 40_000, destinationPort: port, flags: { SYN: true } };
      one.flow(`flow-${port}`, 1000 - 100 * i - 10 * index, {
        verdict: Verdict.DROPPED,
        ...{ trafficDirection: 1, source: pod('web-1', 20_001), destination: pod('api-1', 20_002) },
        l4: { protocol: { $case: 'TCP', value } },
      });
    }
  }
  const relay = await startRelay({
    listen: '127.0.0.1:0',
    peers: [a.address, b.address],
    policies: new PolicyFiles(folder),
    ringBytes: 4 << 20,
  });
  context.after(() => relay.stop());
  const ports = (out: string) => [...out.matchAll(/api-1:(\d+)/g)].map(([, port]) => port);
  for (const deadline = Date.now() + 15_000; ; ) {
    const { code, out } = await explainAt(relay.address, '--last', '3', '--verdict', 'DROPPED');
    if (ports(out).join() !== '1021,1030,1031' && Date.now() < deadline) continue;
    assert.equal(code, 0);
    assert.deepEqual(ports(out), ['1021', '1030', '1031']);
    assert.equal(out.match(/Policy denies .*shop\/isolate-api isolates/g)?.length, 3, out);
    break;
  }
});

test('no matching flow is said, with a failing exit code', async () => {
  const { code, error } = await explain('--to-pod', 'shop/nobody');
  assert.equal(code, 1);
  assert.match(error, /No flow that the server keeps matches/);
});

test('a flag that is no filter is named', async () => {
  const { code, error } = await explain('--colour', 'blue');
  assert.notEqual(code, 0);
  assert.match(error, /--colour is no filter flag/);
});
