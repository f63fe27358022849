import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { packFlowDetails } from '#flow/details.ts';
import { DropReason, Flow, L7FlowType, TrafficDirection, Verdict } from '#proto/gen/flow/flow.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { FlowDetails } from '#proto/gen/parallax/v1/flow_details.ts';
import { flowMetrics } from './flow-metrics.ts';

async function metricsOf(flows: readonly Flow[]): Promise<string> {
  const registry = new Registry();
  const metrics = flowMetrics(registry);
  for (const flow of flows) {
    metrics.note({ ...GetFlowsResponse.create(), responseTypes: { $case: 'flow', value: flow } });
  }
  return registry.metrics();
}

const http = (type: L7FlowType, method: string) =>
  Flow.fromPartial({
    verdict: Verdict.FORWARDED,
    trafficDirection: TrafficDirection.INGRESS,
    eventType: { type: 129, subType: 0 },
    l7: {
      type,
      latencyNs: 3_000_000n,
      record: { $case: 'http', value: { code: 200, method, protocol: 'HTTP/1.1', url: '/private' } },
    },
  });

test('a request counts once, by its answer, and its path is no label', async () => {
  const text = await metricsOf([http(L7FlowType.REQUEST, 'GET'), http(L7FlowType.RESPONSE, 'GET')]);
  assert.match(
    text,
    /^hubble_http_requests_total\{method="GET",protocol="HTTP\/1\.1",status="200",reporter="server"\} 1$/m,
  );
  assert.match(text, /^hubble_http_request_duration_seconds_bucket\{le="0\.005",method="GET",reporter="server"\} 1$/m);
  assert.doesNotMatch(text, /private/);
});

test('words that clients make up share one series', async () => {
  const flows = Array.from({ length: 50 }, (_, n) => http(L7FlowType.RESPONSE, `MADE-UP-${n}`));
  assert.match(await metricsOf(flows), /^hubble_http_requests_total\{method="other",[^}]*\} 50$/m);
});

test('a drop counts for all that it stands for', async () => {
  const text = await metricsOf([
    Flow.fromPartial({
      verdict: Verdict.DROPPED,
      dropReasonDesc: DropReason.POLICY_DENIED,
      eventType: { type: 1, subType: DropReason.POLICY_DENIED },
      l4: { protocol: { $case: 'TCP', value: { flags: { SYN: true } } } },
      extensions: packFlowDetails(FlowDetails.fromPartial({ drop: { count: 6n } })),
    }),
  ]);
  assert.match(text, /^hubble_drop_total\{reason="POLICY_DENIED",protocol="TCP"\} 6$/m);
  assert.match(text, /^hubble_tcp_flags_total\{flag="SYN",family="IPv4"\} 1$/m);
});
