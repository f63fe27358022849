import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { packFlowDetails } from '#flow/details.ts';
import { disagreements, documentedMetrics, servedMetrics } from '#observer/testing/metrics-text.ts';
import {
  type DeepPartial,
  DropReason,
  Flow,
  L7FlowType,
  type TCPFlags,
  TrafficDirection,
  Verdict,
} from '#proto/gen/flow/flow.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { FlowDetails } from '#proto/gen/parallax/v1/flow_details.ts';
import { flowMetrics } from './flow-metrics.ts';

async function metricsOf(flows: readonly DeepPartial<Flow>[]): Promise<string> {
  const registry = new Registry();
  const metrics = flowMetrics(registry);
  for (const flow of flows) {
    metrics.note({ ...GetFlowsResponse.create(), responseTypes: { $case: 'flow', value: Flow.fromPartial(flow) } });
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
  assert.doesNotMatch(
    text,
    /^hubble_tcp_flags_total\{/m,
    "the flags of what did not pass are not counted, as Hubble's are not",
  );
});

test('every kind of flow counts under the name and the labels that Hubble gives it', async () => {
  const forwarded = (more: DeepPartial<Flow>) => ({ verdict: Verdict.FORWARDED, isReply: false, ...more });
  const tcp = (flags: DeepPartial<TCPFlags>, destinationPort = 443): DeepPartial<Flow> => ({
    eventType: { type: 4, subType: 0 },
    IP: { ipVersion: 1 },
    l4: { protocol: { $case: 'TCP', value: { sourcePort: 40_000, destinationPort, flags } } },
  });
  const dns = (type: L7FlowType, rcode: number): DeepPartial<Flow> => ({
    eventType: { type: 129, subType: 0 },
    l4: { protocol: { $case: 'UDP', value: { sourcePort: 40_000, destinationPort: 53 } } },
    l7: { type, record: { $case: 'dns', value: { rcode, qtypes: ['A'], rrtypes: ['CNAME', 'A'], ips: ['10.0.0.1'] } } },
  });
  const text = await metricsOf([
    forwarded(tcp({ SYN: true })),
    forwarded({ ...tcp({ SYN: true, ACK: true }, 40_000), isReply: true }),
    forwarded({ ...tcp({ FIN: true, RST: true }, 40_001), isReply: undefined, IP: { ipVersion: 2 } }),
    forwarded(dns(L7FlowType.REQUEST, 0)),
    { ...forwarded(dns(L7FlowType.RESPONSE, 3)), isReply: true },
    forwarded({
      eventType: { type: 4, subType: 0 },
      l4: { protocol: { $case: 'ICMPv4', value: { type: 3, code: 3 } } },
    }),
    forwarded({
      eventType: { type: 4, subType: 0 },
      l4: { protocol: { $case: 'ICMPv6', value: { type: 128, code: 0 } } },
    }),
    {
      verdict: Verdict.DROPPED,
      eventType: { type: 1, subType: 133 },
      dropReasonDesc: DropReason.POLICY_DENIED,
      l4: { protocol: { $case: 'UDP', value: { destinationPort: 53 } } },
    },
    http(L7FlowType.RESPONSE, 'GET'),
  ]);
  const lines = text.split('\n').filter((line) => /^hubble_(?!lost|http_request_duration)/.test(line));
  assert.deepEqual(lines, [
    'hubble_flows_processed_total{protocol="TCP",type="Trace",subtype="to-endpoint",verdict="FORWARDED"} 3',
    'hubble_flows_processed_total{protocol="UDP",type="L7",subtype="DNS",verdict="FORWARDED"} 2',
    'hubble_flows_processed_total{protocol="ICMPv4",type="Trace",subtype="to-endpoint",verdict="FORWARDED"} 1',
    'hubble_flows_processed_total{protocol="ICMPv6",type="Trace",subtype="to-endpoint",verdict="FORWARDED"} 1',
    'hubble_flows_processed_total{protocol="UDP",type="Drop",subtype="",verdict="DROPPED"} 1',
    'hubble_flows_processed_total{protocol="Unknown flow",type="L7",subtype="HTTP",verdict="FORWARDED"} 1',
    'hubble_drop_total{reason="POLICY_DENIED",protocol="UDP"} 1',
    'hubble_port_distribution_total{protocol="TCP",port="443"} 1',
    'hubble_port_distribution_total{protocol="UDP",port="53"} 1',
    'hubble_port_distribution_total{protocol="ICMPv4",port="0"} 1',
    'hubble_port_distribution_total{protocol="ICMPv6",port="0"} 1',
    'hubble_tcp_flags_total{flag="SYN",family="IPv4"} 1',
    'hubble_tcp_flags_total{flag="SYN-ACK",family="IPv4"} 1',
    'hubble_tcp_flags_total{flag="FIN",family="IPv6"} 1',
    'hubble_tcp_flags_total{flag="RST",family="IPv6"} 1',
    'hubble_icmp_total{family="IPv4",type="DestinationUnreachable(Port)"} 1',
    'hubble_icmp_total{family="IPv6",type="EchoRequest"} 1',
    'hubble_dns_queries_total{rcode="",qtypes="A",ips_returned="1"} 1',
    'hubble_dns_responses_total{rcode="Non-Existent Domain",qtypes="A",ips_returned="1"} 1',
    'hubble_dns_response_types_total{type="CNAME",qtypes="A"} 1',
    'hubble_dns_response_types_total{type="A",qtypes="A"} 1',
    'hubble_http_requests_total{method="GET",protocol="HTTP/1.1",status="200",reporter="server"} 1',
  ]);
  const hubble = new Map([...servedMetrics(text)].filter(([name]) => name.startsWith('hubble_')));
  assert.deepEqual(disagreements(hubble, documentedMetrics("Flows, under Hubble's names")), []);
  assert.ok(
    [...hubble.values()].every(({ labels }) => labels !== undefined),
    'the labels of each were compared',
  );
});

test('a scan of all ports grows the metrics to a bound, and what is beyond is counted together', async () => {
  const scan = Array.from({ length: 5000 }, (_, port) => ({
    verdict: Verdict.FORWARDED,
    isReply: false,
    l4: { protocol: { $case: 'TCP' as const, value: { destinationPort: port } } },
  }));
  const text = await metricsOf(scan);
  const counts = [...text.matchAll(/^hubble_port_distribution_total\{.*\} (\d+)$/gm)].map(([, count]) => Number(count));
  assert.equal(counts.length, 1001);
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    5000,
  );
  assert.match(text, /^hubble_port_distribution_total\{protocol="other",port="other"\} 4000$/m);
  assert.match(text, /^parallax_exporter_metric_series_folded_total\{metric="hubble_port_distribution_total"\} 4000$/m);
});
