import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { readFlowDetails } from '#flow/details.ts';
import { PeerClient } from '#observer/peer-client.ts';
import type { Flow } from '#proto/gen/flow/flow.ts';
import { GetFlowsRequest, ObserverDefinition } from '#proto/gen/observer/observer.ts';
import { DashboardDefinition, GetPoliciesRequest, GetStatusRequest } from '#proto/gen/parallax/v1/dashboard.ts';
import { PolicyExplanation_Agreement as Agreement } from '#proto/gen/parallax/v1/flow_details.ts';
import { PolicyPreviewRequest, PolicyPreviewsDefinition } from '#proto/gen/parallax/v1/policy.ts';
import { ObserverFixture } from '../observer-fixture.ts';
import { startRelay } from '../relay.ts';
import { PoliciesInForce } from './policies-in-force.ts';
import { registerPolicyMetrics } from './policy-metrics.ts';
import type { PolicyListener, PolicySource } from './policy-source.ts';

const cleanups: (() => Promise<void> | void)[] = [];
after(async () => {
  for (const clean of cleanups.reverse()) await clean();
});

const isolateApi = {
  kind: 'NetworkPolicy',
  metadata: { namespace: 'shop', name: 'isolate-api' },
  spec: { podSelector: { matchLabels: { app: 'api' } } },
};

class ToldPolicies implements PolicySource {
  readonly text = 'a test';
  listener: PolicyListener | undefined;

  async start(listener: PolicyListener): Promise<void> {
    this.listener = listener;
    await listener.set([{ object: isolateApi, origin: 'test' }]);
  }

  stop(): void {
    this.listener = undefined;
  }
}

async function relayOver(policies: PolicySource | undefined) {
  const node = await ObserverFixture.start('a');
  cleanups.push(() => node.stop());
  const relay = await startRelay({
    listen: '127.0.0.1:0',
    nodeName: 'relay-1',
    ringBytes: 4 << 20,
    peers: [node.address],
    ...(policies === undefined ? {} : { policies }),
  });
  cleanups.push(() => relay.stop());
  const client = new PeerClient({ address: relay.address });
  cleanups.push(() => client.close());
  const flows = async (): Promise<Flow[]> => {
    const found: Flow[] = [];
    const request = GetFlowsRequest.fromPartial({ number: 100n });
    const { fullName, methods } = ObserverDefinition;
    const stream = client.serverStream(fullName, methods.getFlows, request, new AbortController().signal);
    for await (const { responseTypes: type } of stream) if (type?.$case === 'flow') found.push(type.value);
    return found;
  };
  const arrived = async (count: number): Promise<Flow[]> => {
    const deadline = Date.now() + 15_000;
    for (;;) {
      const found = await flows();
      if (found.length >= count) return found;
      if (Date.now() > deadline) assert.fail(`${found.length} flows of ${count} after 15 s`);
      await pause(10);
    }
  };
  return { node, client, arrived };
}

const ends = {
  source: { namespace: 'shop', podName: 'web-1', labels: ['k8s:app=web'] },
  destination: { namespace: 'shop', podName: 'api-1', labels: ['k8s:app=api'] },
};

describe('a relay with policies', () => {
  it('serves a drop with the policy that explains it, and goes by a new set from the flow after', async () => {
    const policies = new ToldPolicies();
    const { node, arrived } = await relayOver(policies);
    node.flow('first', 1000, { ...ends, verdict: 2 });
    const [first] = await arrived(1);
    assert.deepEqual(
      first?.ingressDeniedBy.map(({ name }) => name),
      ['isolate-api'],
    );
    assert.equal(first && readFlowDetails(first)?.policy?.agreement, Agreement.AGREES);
    await policies.listener?.set([]);
    node.flow('second', 0, { ...ends, verdict: 2 });
    const second = (await arrived(2)).find(({ uuid }) => uuid === 'second');
    assert.deepEqual(second?.ingressDeniedBy, []);
    assert.equal(second?.extensions, undefined);
  });

  it('keeps the last good set, and says among its notices why', async () => {
    const policies = new ToldPolicies();
    const { node, client, arrived } = await relayOver(policies);
    await policies.listener?.set([
      { object: { ...isolateApi, spec: { podSelector: 'all' } }, origin: 'b.yaml, document 3' },
    ]);
    const { fullName, methods } = DashboardDefinition;
    const status = await client.unary(fullName, methods.getStatus, GetStatusRequest.create());
    const notice = status.notices.find(({ key }) => key === 'policies-refused');
    assert.match(notice?.text ?? '', /b\.yaml, document 3: NetworkPolicy:shop\/isolate-api: spec\.podSelector must be/);
    node.flow('after', 0, { ...ends, verdict: 2 });
    const [flow] = await arrived(1);
    assert.deepEqual(
      flow?.ingressDeniedBy.map(({ name }) => name),
      ['isolate-api'],
    );
  });

  it('reports what each policy selects and decided, and pods that none restricts', async () => {
    const { node, client, arrived } = await relayOver(new ToldPolicies());
    node.flow('drop', 0, { ...ends, verdict: 2 });
    node.flow('open', 0, { source: ends.destination, destination: ends.source });
    await arrived(2);
    const { fullName, methods } = DashboardDefinition;
    const report = await client.unary(fullName, methods.getPolicies, GetPoliciesRequest.create());
    assert.equal(report.configured, true);
    assert.deepEqual(
      report.policies.map(({ namespace, name, allowed, denied, selects }) => [
        namespace,
        name,
        allowed,
        denied,
        selects,
      ]),
      [['shop', 'isolate-api', 0n, 1n, 'pods of shop with app=api']],
    );
    assert.deepEqual(
      report.unrestricted.map(({ namespace, name, ingress, egress }) => [namespace, name, ingress, egress]),
      [['shop', 'web-1', 1n, 0n]],
    );
  });

  it('tries policies on the flows that it keeps, beside those in force or instead of them', async () => {
    const { node, client, arrived } = await relayOver(new ToldPolicies());
    for (const name of ['one', 'two', 'three']) node.flow(name, 0, { ...ends, verdict: 1 });
    node.flow('drop', 0, { ...ends, verdict: 2, dropReasonDesc: 133 });
    await arrived(4);
    const ask = async (text: string, joinsThoseInForce: boolean) => {
      const request = PolicyPreviewRequest.fromPartial({ policies: [{ name: 'a.yaml', text }], joinsThoseInForce });
      const { fullName, methods } = PolicyPreviewsDefinition;
      const replies = client.serverStream(fullName, methods.preview, request, new AbortController().signal);
      for await (const { reply } of replies) if (reply?.$case === 'result') return reply.value;
      return assert.fail('no result');
    };
    const beside = await ask('', true);
    assert.deepEqual([beside.flows?.newlyDenied, beside.flows?.unchanged], [3n, 1n]);
    assert.match(
      beside.edges[0]?.why.join(' ') ?? '',
      /shop\/api-1 is isolated for ingress by NetworkPolicy:shop\/isolate-api/,
    );
    assert.equal(beside.edges[0]?.exampleUnixMs.length, 3);
    const instead = await ask('', false);
    assert.deepEqual([instead.flows?.newlyAllowed, instead.flows?.unchanged], [1n, 3n]);
    const replaced = await ask(JSON.stringify({ ...isolateApi, spec: { ...isolateApi.spec, ingress: [{}] } }), true);
    assert.deepEqual([replaced.flows?.newlyAllowed, replaced.flows?.unchanged], [1n, 3n]);
    await assert.rejects(
      ask('kind: NetworkPolicy\nmetadata: {name: x}\nspec: {podSelector: all}', true),
      /a\.yaml, document 1: NetworkPolicy:default\/x: spec\.podSelector must be an object/,
    );
  });

  it('counts for Prometheus what policies decided, in a fixed number of series', async () => {
    const registry = new Registry();
    const policies = new PoliciesInForce({ source: new ToldPolicies(), nowMs: () => 0 });
    await policies.start();
    registerPolicyMetrics(registry, policies);
    const decided = {
      direction: 'ingress',
      rules: [],
      policies: ['x'],
      subject: 'shop/api',
      isEnforced: true,
    } as const;
    policies.tally.add({ ...decided, outcome: 'denied' });
    policies.tally.add({ ...decided, outcome: 'not enforced' });
    policies.tally.add({ ...decided, outcome: 'allowed', isEnforced: false });
    const text = await registry.metrics();
    for (const [outcome, count] of Object.entries({ allowed: 0, denied: 1, not_enforced: 1, open: 1 }))
      assert.match(text, new RegExp(`policy_decisions_total{outcome="${outcome}"} ${count}`));
    assert.match(text, /policy_flows_total{agreement="unexplained_drop"} 0/);
    assert.match(text, /parallax_relay_policies 1/);
    policies.stop();
  });

  it('without policies passes every byte as it came', async () => {
    const { node, arrived } = await relayOver(undefined);
    node.flow('plain', 0, { ...ends, verdict: 2 });
    const [flow] = await arrived(1);
    assert.equal(flow?.extensions, undefined);
    assert.deepEqual(flow?.ingressDeniedBy, []);
  });
});
