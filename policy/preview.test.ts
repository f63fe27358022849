import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { packFlowDetails } from '#flow/details.ts';
import { type DeepPartial, DropReason, Flow, Verdict } from '#proto/gen/flow/flow.ts';
import { FlowDetails, FlowReason } from '#proto/gen/parallax/v1/flow_details.ts';
import { PolicySet } from './policy-set.ts';
import { Preview } from './preview.ts';
import { emptyWorld } from './world.ts';

const onlyWeb = {
  kind: 'NetworkPolicy',
  metadata: { namespace: 'shop', name: 'only-web' },
  spec: {
    podSelector: { matchLabels: { app: 'api' } },
    ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }] }],
  },
};
const end = (app: string) => ({
  ...{ namespace: 'shop', podName: `${app}-1`, labels: [`k8s:app=${app}`] },
  workloads: [{ name: app, kind: 'Deployment' }],
});
const flow = (source: string, more: DeepPartial<Flow> = {}): Flow =>
  Flow.fromPartial({
    verdict: Verdict.FORWARDED,
    IP: { source: '10.0.0.1', destination: '10.0.0.2' },
    l4: { protocol: { $case: 'TCP', value: { sourcePort: 40_000, destinationPort: 8080 } } },
    source: end(source),
    destination: end('api'),
    ...more,
  } as DeepPartial<Flow>);
const refused = { verdict: Verdict.DROPPED, dropReasonDesc: DropReason.POLICY_DENIED } as const;

function previewOf(flows: readonly Flow[]) {
  const preview = new Preview(new PolicySet([onlyWeb], emptyWorld));
  for (const each of flows) preview.add(each);
  return preview.result();
}

describe('a preview', () => {
  it('tells what would be newly denied, newly allowed and unchanged, with the reason', () => {
    const { flows, edges } = previewOf([
      flow('web'),
      flow('web', refused),
      flow('cron'),
      flow('cron'),
      flow('bad', refused),
    ]);
    assert.deepEqual(flows, { 'newly denied': 2, 'newly allowed': 1, uncertain: 0, unchanged: 2 });
    assert.deepEqual(
      edges.map(({ source, destination, port }) => `${source} ${destination} ${port}`),
      ['shop/cron shop/api 8080', 'shop/web shop/api 8080', 'shop/bad shop/api 8080'],
    );
    assert.match(edges[0]?.why.join(' ') ?? '', /isolated for ingress by NetworkPolicy:shop\/only-web/);
  });

  it('is uncertain where nobody said who the peer is', () => {
    const { flows } = previewOf([
      flow('web', { source: undefined, IP: { source: '10.9.9.9', destination: '10.0.0.2' } }),
    ]);
    assert.equal(flows.uncertain, 1);
  });

  it('leaves out drops that were not policy', () => {
    const { leftOut, edges } = previewOf([
      flow('cron', { ...refused, dropReasonDesc: DropReason.SOCKET_LOOKUP_FAILED }),
    ]);
    assert.deepEqual([leftOut, edges], [1, []]);
  });

  it('takes a packet on its way to a refusal for no passage, and one that nothing contradicts for one', () => {
    const onTheWay = {
      extensions: packFlowDetails(FlowDetails.fromPartial({ reason: FlowReason.FLOW_REASON_OPENED })),
    };
    const drop = flow('cron', { ...refused, ...onTheWay });
    assert.equal(previewOf([flow('cron', onTheWay), drop]).flows['newly denied'], 0);
    assert.equal(previewOf([flow('cron', onTheWay)]).flows['newly denied'], 1);
  });

  it('counts a reply with the connection that it answers', () => {
    const reply = flow('api', {
      isReply: true,
      destination: end('cron'),
      l4: { protocol: { $case: 'TCP', value: { sourcePort: 8080, destinationPort: 40_000 } } },
    });
    const { edges } = previewOf([reply, flow('cron')]);
    assert.deepEqual(
      edges.map((edge) => [edge.source, edge.port, edge.flows['newly denied']]),
      [['shop/cron', 8080, 2]],
    );
  });
});
