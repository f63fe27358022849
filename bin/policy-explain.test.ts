import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { packFlowDetails } from '#flow/details.ts';
import { DropReason, Verdict } from '#proto/gen/flow/flow.ts';
import { FlowDetails, PolicyExplanation_Agreement } from '#proto/gen/parallax/v1/flow_details.ts';
import { ObserverFixture } from '#relay/observer-fixture.ts';

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

function explain(
  ...args: string[]
): Promise<{ readonly code: number | null; readonly out: string; readonly error: string }> {
  const command = join(import.meta.dirname, 'parallax.ts');
  const child = spawn(process.execPath, [command, 'policy', 'explain', '--server', node.address, ...args], {
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
