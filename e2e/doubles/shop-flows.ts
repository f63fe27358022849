// The shop's calls as flows on the wire: request and response of one exchange, or a refused SYN.

import { DropReason, Flow, FlowType, L7FlowType, TCPFlags, TrafficDirection, Verdict } from '#proto/gen/flow/flow.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { FlowDetails, FlowReason } from '#proto/gen/parallax/v1/flow_details.ts';
import { type ShopCall, type ShopService, shopServices } from './shop-world.ts';

const byId = new Map(shopServices.map((service, index) => [service.id, { service, index }]));

export function timestamp(timeMs: number): { seconds: bigint; nanos: number } {
  const seconds = Math.floor(timeMs / 1000);
  return { seconds: BigInt(seconds), nanos: Math.round((timeMs - seconds * 1000) * 1e6) };
}

/** The flows of one exchange, in order of time. */
export function exchangeFlows(
  call: ShopCall,
  timeMs: number,
  number: number,
  random: () => number,
): GetFlowsResponse[] {
  const [method, request] = call.requests[Math.floor(random() * call.requests.length)] ?? ['TCP', ''];
  const sourcePort = 32_768 + Math.floor(random() * 28_000);
  const failed = random() < call.errorShare;
  const latencyMs = call.medianMs * Math.exp((random() + random() + random() - 1.5) * 1.6) * (random() > 0.985 ? 4 : 1);
  const common = { call, method, request, sourcePort, number, random };
  if (call.dropReason !== undefined) return [droppedFlow(common, timeMs, call.dropReason)];
  if (call.l7 === '') return [transportFlow(common, timeMs, latencyMs)];
  return [
    l7Flow({ ...common, timeMs, half: 'request', latencyMs: 0, failed }),
    l7Flow({ ...common, timeMs: timeMs + latencyMs, half: 'response', latencyMs, failed }),
  ];
}

interface Common {
  readonly call: ShopCall;
  readonly method: string;
  readonly request: string;
  readonly sourcePort: number;
  readonly number: number;
  readonly random: () => number;
}

interface Half extends Common {
  readonly timeMs: number;
  readonly half: 'request' | 'response';
  readonly latencyMs: number;
  readonly failed: boolean;
}

function l7Flow(half: Half): GetFlowsResponse {
  const { call, method, request, number, failed, random } = half;
  const isResponse = half.half === 'response';
  const base = {
    type: isResponse ? L7FlowType.RESPONSE : L7FlowType.REQUEST,
    latencyNs: BigInt(Math.round(half.latencyMs * 1e6)),
  };
  const operation = { protocol: call.l7.toLowerCase(), name: method, detail: request, status: 'OK', error: false };
  const details: Partial<FlowDetails> = {
    reason: FlowReason.FLOW_REASON_L7,
    requestNumber: BigInt(number),
    initiator: traffic(isResponse ? 0 : 120 + random() * 900),
    responder: traffic(isResponse ? 200 + random() * random() * 24_000 : 0),
  };
  if (call.l7 === 'HTTP' || call.l7 === 'gRPC') {
    const isGrpc = call.l7 === 'gRPC';
    const code = !isResponse ? 0 : failed ? 503 : method === 'POST' && !isGrpc ? 201 : 200;
    const headers = isGrpc ? [{ key: 'content-type', value: 'application/grpc' }] : [];
    const url = `http://${byId.get(call.to)?.service.name}:${call.port}${isGrpc ? '/' : ''}${request}`;
    const http = { code, method: isGrpc ? 'POST' : method, url, protocol: isGrpc ? 'HTTP/2' : 'HTTP/1.1', headers };
    return wrap(half, { l7: { ...base, record: { $case: 'http', value: http } } }, details);
  }
  if (call.l7 === 'DNS') {
    const dns = { query: `${request}.`, ips: ['10.96.4.7'], ttl: 30, cnames: [], observationSource: '', rcode: 0 };
    return wrap(
      half,
      { l7: { ...base, record: { $case: 'dns', value: { ...dns, qtypes: ['A'], rrtypes: ['A'] } } } },
      details,
    );
  }
  const status = isResponse ? 'OK' : '';
  return wrap(half, { l7: { ...base, record: undefined } }, { ...details, operation: { ...operation, status } });
}

function transportFlow(common: Common, timeMs: number, connectMs: number): GetFlowsResponse {
  const details: Partial<FlowDetails> = {
    reason: FlowReason.FLOW_REASON_OPENED,
    initiator: traffic(517),
    responder: traffic(3_200 + common.random() * 2_000),
    tcp: {
      smoothedRttUs: 9_400,
      minimumRttUs: 8_800,
      retransmits: 0,
      connectUs: Math.round(connectMs * 1000),
      resets: 0,
      connectError: '',
    },
    tls: { serverName: common.request, alpn: ['h2'], version: 'TLS 1.3', cipherSuite: 'TLS_AES_128_GCM_SHA256' },
  };
  return wrap({ ...common, timeMs, half: 'request' }, {}, details);
}

/** What the kernel tells of the connection under an exchange: opened before it, closed by the opener behind it. */
export function connectionFlows(
  call: ShopCall,
  timeMs: number,
  number: number,
  random: () => number,
): GetFlowsResponse[] {
  const common = { call, method: '', request: '', sourcePort: 32_768 + (number % 28_000), number, random };
  const at = (half: ConnectionEvent, atMs: number, flags: Partial<TCPFlags>, reason: FlowReason) =>
    wrap({ ...common, timeMs: atMs, half }, tcpFlags(call, common.sourcePort, flags), {
      reason,
      initiator: traffic(120),
      responder: traffic(900),
    });
  return [
    at('opened', timeMs, { SYN: true }, FlowReason.FLOW_REASON_OPENED),
    at('flags', timeMs + 1, { FIN: true, ACK: true }, FlowReason.FLOW_REASON_TCP_FLAGS),
    at('closed', timeMs + 2, { ACK: true }, FlowReason.FLOW_REASON_CLOSED),
  ];
}

function tcpFlags(call: ShopCall, sourcePort: number, flags: Partial<TCPFlags>): Partial<Flow> {
  const ports = { sourcePort, destinationPort: call.port };
  return { l4: { protocol: { $case: 'TCP', value: { ...ports, flags: TCPFlags.fromPartial(flags) } } } };
}

function droppedFlow(common: Common, timeMs: number, reason: string): GetFlowsResponse {
  const details: Partial<FlowDetails> = {
    reason: FlowReason.FLOW_REASON_DROP,
    initiator: traffic(79),
    drop: { reason, location: 'nft_do_chain', locationAddress: 0n, networkNamespace: 4026532621, count: 1n },
    policy: {
      agreement: 1,
      summary: 'No policy in payments admits namespace platform.',
      egressReasons: [],
      ingressReasons: ['payments-default-deny selects ledger and admits only namespaces shop and payments'],
      egressDefaultDenied: false,
      ingressDefaultDenied: true,
    },
  };
  const policy = {
    name: 'payments-default-deny',
    namespace: 'payments',
    labels: [],
    revision: 4n,
    kind: 'NetworkPolicy',
  };
  const dropped = { verdict: Verdict.DROPPED, dropReasonDesc: DropReason.POLICY_DENIED, ingressDeniedBy: [policy] };
  return wrap({ ...common, timeMs, half: 'request' }, dropped, details);
}

function traffic(bytes: number): FlowDetails['initiator'] {
  const count = BigInt(Math.round(bytes));
  return { bytes: count, packets: 1n + count / 1448n, newBytes: count, newPackets: 1n + count / 1448n };
}

type ConnectionEvent = 'opened' | 'flags' | 'closed';
type Place = Common & { readonly timeMs: number; readonly half: 'request' | 'response' | ConnectionEvent };

function wrap(place: Place, flow: Partial<Flow>, details: Partial<FlowDetails>): GetFlowsResponse {
  const { call, sourcePort, timeMs, number, half } = place;
  const isReply = half === 'response';
  const [from, to] = isReply ? [call.to, call.from] : [call.from, call.to];
  const flags = call.dropReason === undefined ? undefined : TCPFlags.fromPartial({ SYN: true });
  const ports = { sourcePort: isReply ? call.port : sourcePort, destinationPort: isReply ? sourcePort : call.port };
  const time = timestamp(timeMs);
  const nodeName = `node-${String(((byId.get(call.to)?.index ?? 0) % 12) + 1).padStart(2, '0')}`;
  const process = { pid: 4000 + (byId.get(call.from)?.index ?? 0), containerId: 'c0ffee', unit: '', cgroupId: 812n };
  const complete: FlowDetails = FlowDetails.fromPartial({
    ...details,
    sourceProcess: { ...process, command: byId.get(call.from)?.service.name ?? '', executable: '/app/server' },
  });
  return GetFlowsResponse.fromPartial({
    nodeName,
    time,
    responseTypes: {
      $case: 'flow',
      value: Flow.fromPartial({
        time,
        uuid: `${number}-${half}`,
        verdict: Verdict.FORWARDED,
        IP: { source: address(from), destination: address(to), ipVersion: 1 },
        l4:
          call.l7 === 'DNS'
            ? { protocol: { $case: 'UDP', value: ports } }
            : { protocol: { $case: 'TCP', value: { ...ports, flags } } },
        source: endpoint(from),
        destination: endpoint(to),
        sourceNames: dnsNames(from),
        destinationNames: dnsNames(to),
        Type: flow.l7 === undefined ? FlowType.L3_L4 : FlowType.L7,
        eventType: eventTypeOf(call, flow),
        nodeName,
        isReply,
        trafficDirection: isReply ? TrafficDirection.EGRESS : TrafficDirection.INGRESS,
        extensions: {
          typeUrl: 'type.googleapis.com/parallax.v1.FlowDetails',
          value: FlowDetails.encode(complete).finish(),
        },
        ...flow,
      }),
    },
  });
}

/** Hubble's numbers: 1 drop, 4 trace (3 to the stack), 129 layer 7. */
function eventTypeOf({ dropReason }: ShopCall, { l7 }: Partial<Flow>): Flow['eventType'] {
  if (dropReason !== undefined) return { type: 1, subType: 0 };
  return l7 === undefined ? { type: 4, subType: 3 } : { type: 129, subType: 0 };
}

function address(id: string): string {
  const index = byId.get(id)?.index ?? 0;
  return id.startsWith('/') ? `203.0.113.${index + 1}` : `10.244.${index}.17`;
}

function dnsNames(id: string): string[] {
  return id.startsWith('/') ? [id.slice(1)] : [];
}

function endpoint(id: string): Flow['source'] {
  const service: ShopService | undefined = byId.get(id)?.service;
  if (service === undefined || service.kind === 'external')
    return {
      ID: 0,
      identity: 2,
      clusterName: '',
      namespace: '',
      labels: ['reserved:world'],
      podName: '',
      workloads: [],
    };
  const { name, namespace, kind } = service;
  return {
    ID: 100,
    identity: 4000 + (byId.get(id)?.index ?? 0),
    clusterName: 'prod-eu-west',
    namespace,
    labels: [`k8s:app=${name}`, `k8s:io.kubernetes.pod.namespace=${namespace}`, 'k8s:team=shop'],
    podName: `${name}-6c9f8d7b5-x2k4p`,
    workloads: [{ name, kind }],
  };
}
