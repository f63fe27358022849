import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readFlowDetails } from '#flow/details.ts';
import { ResponseScanner } from '#observer/scan-response.ts';
import { PolicySet } from '#policy/policy-set.ts';
import { emptyWorld, type World } from '#policy/world.ts';
import { type DeepPartial, Flow } from '#proto/gen/flow/flow.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import {
  PolicyExplanation_Agreement as Agreement,
  FlowDetails,
  FlowReason,
  type PolicyExplanation,
} from '#proto/gen/parallax/v1/flow_details.ts';
import { Annotator, type Decided } from './annotator.ts';

const onlyWeb = {
  kind: 'NetworkPolicy',
  metadata: { namespace: 'shop', name: 'only-web' },
  spec: {
    podSelector: { matchLabels: { app: 'api' } },
    ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }], ports: [{ port: 8080 }] }],
  },
};

const end = (app: string, namespace = 'shop') => ({
  namespace,
  podName: `${app}-1`,
  labels: [`k8s:app=${app}`, `k8s:io.kubernetes.pod.namespace=${namespace}`],
});

interface Detailed extends DeepPartial<Flow> {
  readonly details?: DeepPartial<FlowDetails> | undefined;
}

/** shop/web to shop/api on TCP 8080, opening, forwarded, seen at the destination. */
function flowOf(changes: Detailed = {}): Flow {
  const { details = { reason: FlowReason.FLOW_REASON_OPENED }, ...more } = changes;
  return Flow.fromPartial({
    uuid: 'f',
    verdict: 1,
    IP: { source: '10.0.0.1', destination: '10.0.0.2' },
    l4: { protocol: { $case: 'TCP', value: { sourcePort: 40_000, destinationPort: 8080 } } },
    source: end('web'),
    destination: end('api'),
    trafficDirection: 1,
    isReply: false,
    extensions: {
      typeUrl: 'type.googleapis.com/parallax.v1.FlowDetails',
      value: FlowDetails.encode(FlowDetails.fromPartial(details)).finish(),
    },
    ...more,
  } as DeepPartial<Flow>);
}

function bytesOf(flow: Flow): Uint8Array {
  return GetFlowsResponse.encode(
    GetFlowsResponse.fromPartial({ responseTypes: { $case: 'flow', value: flow }, nodeName: 'node-1' }),
  ).finish();
}

function annotatorOf(policies: readonly unknown[] = [onlyWeb], world: World = emptyWorld) {
  const decided: Decided[] = [];
  const annotator = new Annotator(new PolicySet(policies, world), (each) => decided.push(each));
  const annotate = (flow: Flow): Flow | undefined => {
    const message = bytesOf(flow);
    // Among other bytes, as messages arrive from a connection.
    const chunk = new Uint8Array(message.length + 20).fill(0xff);
    chunk.set(message, 7);
    const annotated = annotator.annotate(chunk, 7, 7 + message.length);
    if (annotated === undefined) return undefined;
    const response = GetFlowsResponse.decode(annotated);
    assert.equal(response.nodeName, 'node-1');
    assert.equal(response.responseTypes?.$case, 'flow');
    new ResponseScanner().scan(annotated, 0, annotated.length);
    return response.responseTypes?.$case === 'flow' ? response.responseTypes.value : undefined;
  };
  return { annotator, annotate, decided };
}

function explained(flow: Flow | undefined): PolicyExplanation {
  const policy = flow && readFlowDetails(flow)?.policy;
  assert.ok(policy, 'the flow carries no explanation');
  return policy;
}

const dropped = { verdict: 2, details: { reason: FlowReason.FLOW_REASON_DROP } } as const;

describe('annotating a flow', () => {
  it('names the policy that allowed it, and keeps all that the source wrote', () => {
    const { annotate } = annotatorOf();
    const details = { reason: FlowReason.FLOW_REASON_OPENED, tcp: { smoothedRttUs: 120 }, joinedMidway: true };
    const flow = annotate(flowOf({ details }));
    assert.deepEqual(
      flow?.ingressAllowedBy.map(({ kind, namespace, name }) => [kind, namespace, name]),
      [['NetworkPolicy', 'shop', 'only-web']],
    );
    assert.equal(flow.policyMatchType, 2);
    assert.equal(explained(flow).agreement, Agreement.AGREES);
    const { policy: _, ...kept } = readFlowDetails(flow) ?? FlowDetails.create();
    const { policy: __, ...sent } = FlowDetails.fromPartial(details);
    assert.deepEqual(kept, sent);
    const bare = { ingressAllowedBy: [], policyMatchType: 0, extensions: undefined };
    assert.deepEqual({ ...flow, ...bare }, { ...Flow.decode(Flow.encode(flowOf()).finish()), ...bare });
  });

  it('tells of a default deny which policy isolates the pod, and what its rule lacked', () => {
    const { annotate } = annotatorOf();
    const flow = annotate(flowOf({ ...dropped, source: end('cron') }));
    const policy = explained(flow);
    assert.equal(policy.agreement, Agreement.AGREES);
    assert.equal(policy.ingressDefaultDenied, true);
    assert.deepEqual(
      flow?.ingressDeniedBy.map(({ name }) => name),
      ['only-web'],
    );
    assert.match(policy.ingressReasons.join(' '), /app=web, which shop\/cron-1 is not among/);
  });

  it('calls a drop that no policy denies unexplained', () => {
    const { annotate } = annotatorOf();
    const flow = annotate(flowOf(dropped));
    assert.equal(explained(flow).agreement, Agreement.UNEXPLAINED_DROP);
    assert.deepEqual(flow?.ingressDeniedBy, []);
  });

  it('calls a denied connection that was answered not enforced, and one only on its way uncertain', () => {
    const { annotate } = annotatorOf();
    const opening = explained(annotate(flowOf({ source: end('cron') })));
    assert.equal(opening.agreement, Agreement.UNCERTAIN);
    const closed = { reason: FlowReason.FLOW_REASON_CLOSED, responder: { packets: 3n } };
    const passed = annotate(flowOf({ source: end('cron'), details: closed }));
    assert.equal(explained(passed).agreement, Agreement.NOT_ENFORCED);
    assert.equal(passed?.verdict, 1);
    assert.deepEqual([passed?.ingressDeniedBy, passed?.ingressAllowedBy], [[], []]);
  });

  it('judges a reply as the connection that it answers', () => {
    const { annotate } = annotatorOf();
    const reply = flowOf({
      isReply: true,
      source: end('api'),
      destination: end('web'),
      IP: { source: '10.0.0.2', destination: '10.0.0.1' },
      l4: { protocol: { $case: 'TCP', value: { sourcePort: 8080, destinationPort: 40_000 } } },
    });
    assert.deepEqual(
      annotate(reply)?.ingressAllowedBy.map(({ name }) => name),
      ['only-web'],
    );
  });

  it('never overwrites what the source said, and shows where it disagrees', () => {
    const { annotate } = annotatorOf();
    const theirs = [{ name: 'other', namespace: 'shop', kind: 'CiliumNetworkPolicy' }];
    const flow = annotate(flowOf({ ingressAllowedBy: theirs, policyMatchType: 1 }));
    assert.deepEqual(
      flow?.ingressAllowedBy.map(({ name }) => name),
      ['other'],
    );
    assert.equal(flow.policyMatchType, 1);
    assert.equal(explained(flow).agreement, Agreement.DISAGREES);
    const same = annotate(flowOf({ ingressAllowedBy: [{ name: 'only-web', namespace: 'shop' }] }));
    assert.equal(explained(same).agreement, Agreement.AGREES);
    assert.equal(same?.ingressAllowedBy.length, 1);
  });

  it('is uncertain about a peer that nobody named, and certain where that cannot matter', () => {
    const { annotate } = annotatorOf();
    const unknown = { source: undefined, IP: { source: '10.9.9.9', destination: '10.0.0.2' } };
    const flow = annotate(flowOf({ ...unknown, ...dropped }));
    assert.equal(explained(flow).agreement, Agreement.UNCERTAIN);
    assert.deepEqual(flow?.ingressDeniedBy, []);
    const wrongPort = { l4: { protocol: { $case: 'TCP', value: { sourcePort: 1, destinationPort: 9999 } } } } as const;
    const certain = annotate(flowOf({ ...dropped, ...wrongPort, source: end('nobody') }));
    assert.equal(explained(certain).agreement, Agreement.AGREES);
  });

  it('looks at each request where a rule goes by the request', () => {
    const getOnly = {
      kind: 'CiliumNetworkPolicy',
      metadata: { namespace: 'shop', name: 'get-only' },
      spec: {
        endpointSelector: { matchLabels: { app: 'api' } },
        ingress: [{ toPorts: [{ ports: [{ port: '8080' }], rules: { http: [{ method: 'GET' }] } }] }],
      },
    };
    const { annotate } = annotatorOf([getOnly]);
    const request = (method: string) =>
      flowOf({
        details: { reason: FlowReason.FLOW_REASON_L7 },
        l7: { type: 1, record: { $case: 'http', value: { method, url: 'http://api/x' } } },
      });
    assert.equal(explained(annotate(request('GET'))).agreement, Agreement.AGREES);
    assert.equal(explained(annotate(request('DELETE'))).agreement, Agreement.NOT_ENFORCED);
    assert.equal(explained(annotate(request('GET'))).agreement, Agreement.AGREES);
  });

  it('leaves the extension of someone else as it is', () => {
    const { annotate } = annotatorOf();
    const extensions = { typeUrl: 'type.googleapis.com/other.Thing', value: Uint8Array.of(1, 2, 3) };
    const flow = annotate(flowOf({ extensions }));
    assert.equal(flow?.extensions?.typeUrl, extensions.typeUrl);
    assert.deepEqual([...(flow?.extensions?.value ?? [])], [1, 2, 3]);
    assert.equal(flow?.ingressAllowedBy.length, 1);
  });

  it('gives a flow without an extension one', () => {
    const { annotate } = annotatorOf();
    assert.equal(explained(annotate(flowOf({ extensions: undefined }))).agreement, Agreement.AGREES);
  });

  it('passes recurring reports, flows between hosts, what another relay explained, and damaged bytes', () => {
    const { annotator, annotate } = annotatorOf();
    assert.equal(annotate(flowOf({ details: { reason: FlowReason.FLOW_REASON_TICK } })), undefined);
    const host = { identity: 1, labels: ['reserved:host'] };
    assert.equal(annotate(flowOf({ source: host, destination: host })), undefined);
    const once = annotate(flowOf());
    assert.ok(once);
    assert.equal(annotate(once), undefined);
    assert.equal(annotator.annotate(Uint8Array.of(10, 200, 1), 0, 3), undefined);
    assert.equal(annotator.counters.failed, 1);
  });

  it('decodes a flow once for all of the same ends and port', () => {
    const { annotator, annotate } = annotatorOf();
    for (let port = 40_000; port < 40_100; port += 1)
      annotate(flowOf({ l4: { protocol: { $case: 'TCP', value: { sourcePort: port, destinationPort: 8080 } } } }));
    assert.equal(annotator.counters.evaluated, 1);
    assert.equal(annotator.counters.annotated, 100);
  });

  it('answers from what it keeps as it would have answered anew', () => {
    const ports = (sourcePort: number, destinationPort: number, RST = false): DeepPartial<Flow> => ({
      l4: { protocol: { $case: 'TCP', value: { sourcePort, destinationPort, flags: { RST } } } },
    });
    const answered = { reason: FlowReason.FLOW_REASON_CLOSED, responder: { packets: 3n } };
    const cron = { source: end('cron') };
    const flows = [
      ...[flowOf(), flowOf(ports(1, 9090)), flowOf(ports(8080, 8080)), flowOf({ ...ports(8080, 1), isReply: true })],
      ...[flowOf(cron), flowOf({ ...cron, ...dropped }), flowOf({ ...cron, trafficDirection: 2 })],
      ...[flowOf({ ...cron, details: answered }), flowOf({ ...cron, details: answered, ...ports(1, 8080, true) })],
      ...[
        flowOf({ ...cron, extensions: undefined }),
        flowOf({ source: undefined }),
        flowOf({ ...cron, l7: { type: 1 } }),
      ],
    ];
    const { annotate } = annotatorOf();
    for (let round = 0; round < 2; round += 1)
      for (const [index, flow] of flows.entries())
        assert.deepEqual(annotate(flow), annotatorOf().annotate(flow), `flow ${index} in round ${round}`);
  });

  it('counts a decision where it is enforced, and not at the other end too', () => {
    const { annotate, decided } = annotatorOf();
    annotate(flowOf({ trafficDirection: 2 }));
    annotate(flowOf({ trafficDirection: 1 }));
    annotate(flowOf({ ...dropped, source: end('cron') }));
    assert.deepEqual(
      decided
        .filter(({ isEnforced }) => isEnforced)
        .map(({ direction, outcome, rules }) => [direction, outcome, rules]),
      [
        ['ingress', 'allowed', ['NetworkPolicy:shop/only-web ingress[0]']],
        ['ingress', 'denied', []],
      ],
    );
  });

  it('finds the pods behind a service address, and its target port', () => {
    const pod = { namespace: 'shop', name: 'api-1', labels: { app: 'api' }, addresses: ['10.0.0.2'], namedPorts: [] };
    const service = {
      ...{ namespace: 'shop', name: 'api', labels: {}, backends: ['10.0.0.2'], addresses: ['10.96.0.1'] },
      ports: [{ protocol: 'TCP', port: 80, targetPort: 8080 }],
    };
    const { annotate } = annotatorOf([onlyWeb], { ...emptyWorld, pods: [pod], services: [service] });
    const flow = annotate(
      flowOf({
        destination: undefined,
        IP: { source: '10.0.0.1', destination: '10.96.0.1' },
        l4: { protocol: { $case: 'TCP', value: { sourcePort: 40_000, destinationPort: 80 } } },
      }),
    );
    assert.deepEqual(
      flow?.ingressAllowedBy.map(({ name }) => name),
      ['only-web'],
    );
  });
});
