// Flows as a busy cluster would give them, always the same for the same options: TCP connections, HTTP and DNS requests
// with their responses, drops by policy. About 1 KB each. For benchmarks and tests of ring, relay and page.

import { type DeepPartial, Flow } from '#proto/gen/flow/flow.ts';
import { Any } from '#proto/gen/google/protobuf/any.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { FlowDetails } from '#proto/gen/parallax/v1/flow_details.ts';
import { type FixtureEndpoint, makeEndpoints, PODS_PER_WORKLOAD } from './cluster.ts';
import { type Random, seededRandom } from './random.ts';

export interface GenerateOptions {
  readonly seed?: number;
  /** Distinct endpoints. Default 50,000. */
  readonly endpoints?: number;
  /** Number of nodes, or their names. Default 4. */
  readonly nodes?: number | readonly string[];
  /** Flows to make. Default 10,000. */
  readonly count?: number;
  /** Unix time of the first flow, in milliseconds. */
  readonly startMs?: number;
  /** Time from one flow to the next, in nanoseconds. Default 100,000: 10,000 flows a second. */
  readonly intervalNs?: number;
}

/** One cluster for every seed: observers with seeds of their own see the same endpoints. */
const CLUSTER_SEED = 7;
/** Workloads that each workload calls. */
const CALLED_WORKLOADS = 5;

type FlowParts = DeepPartial<Flow>;

/** Serialised responses in order of time. */
export function generateFlows(options: GenerateOptions = {}): Uint8Array[] {
  return generateResponses(options).map((response) => GetFlowsResponse.encode(response).finish());
}

/** The same flows before they are serialised. */
export function generateResponses(options: GenerateOptions = {}): GetFlowsResponse[] {
  const random = seededRandom(options.seed ?? 1);
  const nodes = nodeNames(options.nodes ?? 4);
  const endpoints = makeEndpoints(seededRandom(CLUSTER_SEED), options.endpoints ?? 50_000, nodes);
  const startMs = options.startMs ?? Date.UTC(2026, 0, 1);
  const intervalNs = options.intervalNs ?? 100_000;
  return Array.from({ length: options.count ?? 10_000 }, (_, i) => {
    const timeNs = BigInt(startMs) * 1_000_000n + BigInt(i) * BigInt(intervalNs);
    return makeResponse(random, endpoints, nodes, timeNs);
  });
}

function nodeNames(nodes: number | readonly string[]): readonly string[] {
  if (typeof nodes !== 'number') return nodes;
  return Array.from({ length: nodes }, (_, i) => `node-${i}`);
}

function makeResponse(
  random: Random,
  endpoints: readonly FixtureEndpoint[],
  nodes: readonly string[],
  timeNs: bigint,
): GetFlowsResponse {
  const client = random.pick(endpoints);
  const server = serverOf(random, client, endpoints);
  const parts = shape(random);
  const isReply = parts.isReply === true;
  const source = isReply ? server : client;
  const destination = isReply ? client : server;
  const isIngress = random.next() < 0.5;
  const nodeName = (isIngress ? destination.nodeName : source.nodeName) || random.pick(nodes);
  const time = { seconds: timeNs / 1_000_000_000n, nanos: Number(timeNs % 1_000_000_000n) };
  const flow: FlowParts = {
    time,
    uuid: uuid(random),
    verdict: 1,
    ethernet: { source: mac(random), destination: mac(random) },
    IP: { source: source.ip, destination: destination.ip, ipVersion: 1 },
    source: source.endpoint,
    destination: destination.endpoint,
    sourceNames: [...source.names],
    destinationNames: [...destination.names],
    Type: 1,
    nodeName,
    nodeLabels: ['kubernetes.io/arch=amd64', `kubernetes.io/hostname=${nodeName}`],
    trafficDirection: isIngress ? 1 : 2,
    traceObservationPoint: isIngress ? 101 : 3,
    interface: { index: 4 + random.below(200), name: `lxc${random.below(0xffffff).toString(16)}` },
    ...(isReply ? turned(parts) : parts),
  };
  return GetFlowsResponse.fromPartial({
    responseTypes: { $case: 'flow', value: Flow.fromPartial(flow) },
    nodeName,
    time,
  });
}

/** Workloads call a few others, not any: one of the pods whose number is near one of these multiples of the caller's. */
function serverOf(random: Random, client: FixtureEndpoint, endpoints: readonly FixtureEndpoint[]): FixtureEndpoint {
  const first = client.number - (client.number % PODS_PER_WORKLOAD);
  const called = first * (2 + random.below(CALLED_WORKLOADS)) + random.below(PODS_PER_WORKLOAD);
  return endpoints[called % endpoints.length] ?? client;
}

/** The parts of a flow with its ports as a reply has them: from the service's port. */
function turned(parts: FlowParts): FlowParts {
  const protocol = parts.l4?.protocol;
  if (protocol?.$case !== 'TCP' && protocol?.$case !== 'UDP') return parts;
  const { sourcePort, destinationPort } = protocol.value ?? {};
  const value = { ...protocol.value, sourcePort: destinationPort ?? 0, destinationPort: sourcePort ?? 0 };
  return protocol.$case === 'TCP'
    ? { ...parts, l4: { protocol: { $case: 'TCP', value } } }
    : { ...parts, l4: { protocol: { $case: 'UDP', value } } };
}

/** What kind of flow: of 100, 5 are drops, 25 HTTP, 10 DNS, the rest TCP. */
function shape(random: Random): FlowParts {
  const kind = random.below(100);
  const clientPort = 32_768 + random.below(28_000);
  if (kind < 5) return dropped(random, clientPort);
  if (kind < 30) return http(random, clientPort);
  if (kind < 40) return dns(random, clientPort);
  return tcp(random, clientPort);
}

function tcp(random: Random, sourcePort: number): FlowParts {
  const flags = random.pick<{ SYN?: true; ACK?: true; PSH?: true; FIN?: true }>([
    { SYN: true },
    { ACK: true },
    { ACK: true, PSH: true },
    { ACK: true, FIN: true },
  ]);
  const bytes = BigInt(200 + random.below(60_000));
  const details = FlowDetails.fromPartial({
    reason: random.pick([1, 2, 3, 4]),
    initiator: { bytes: bytes * 3n, packets: 30n, newBytes: bytes, newPackets: 10n },
    responder: { bytes: bytes * 6n, packets: 40n, newBytes: bytes * 2n, newPackets: 12n },
    tcp: { smoothedRttUs: 200 + random.below(4000), minimumRttUs: 150 },
    sourceProcess: { pid: 1000 + random.below(9000), command: 'server', executable: '/usr/local/bin/server' },
  });
  return {
    l4: {
      protocol: { $case: 'TCP', value: { sourcePort, destinationPort: random.pick([80, 443, 5432, 6379]), flags } },
    },
    eventType: { type: 4, subType: 3 },
    // A SYN without ACK opens, so it is no reply.
    isReply: flags.SYN !== true && random.next() < 0.4,
    extensions: Any.fromPartial({
      typeUrl: 'type.googleapis.com/parallax.v1.FlowDetails',
      value: FlowDetails.encode(details).finish(),
    }),
  };
}

function dropped(random: Random, sourcePort: number): FlowParts {
  return {
    verdict: 2,
    dropReason: 133,
    dropReasonDesc: 133,
    l4: {
      protocol: { $case: 'TCP', value: { sourcePort, destinationPort: random.pick([80, 5432]), flags: { SYN: true } } },
    },
    eventType: { type: 1, subType: 133 },
  };
}

function http(random: Random, sourcePort: number): FlowParts {
  const isResponse = random.next() < 0.5;
  const path = random.pick(['/', '/api/v1/cart', '/api/v1/products/1842', '/healthz', '/api/v1/checkout']);
  return {
    Type: 2,
    isReply: isResponse,
    l4: { protocol: { $case: 'TCP', value: { sourcePort, destinationPort: 8080 } } },
    eventType: { type: 129, subType: 0 },
    l7: {
      type: isResponse ? 2 : 1,
      latencyNs: isResponse ? BigInt(300_000 + random.below(80_000_000)) : 0n,
      record: {
        $case: 'http',
        value: {
          code: isResponse ? random.pick([200, 200, 200, 200, 204, 301, 404, 500, 503]) : 0,
          method: random.pick(['GET', 'GET', 'GET', 'POST']),
          url: `http://catalog.shop.svc.cluster.local${path}`,
          protocol: 'HTTP/1.1',
          headers: [{ key: 'User-Agent', value: 'Go-http-client/1.1' }],
        },
      },
    },
  };
}

function dns(random: Random, sourcePort: number): FlowParts {
  const isResponse = random.next() < 0.5;
  const isMissing = random.next() < 0.1;
  const value = {
    query: random.pick(['catalog.shop.svc.cluster.local.', 'api.stripe.com.', 'nope.invalid.']),
    qtypes: [random.pick(['A', 'AAAA'])],
    observationSource: 'proxy',
    ...(isResponse ? { rcode: isMissing ? 3 : 0, ips: isMissing ? [] : ['10.96.4.12'], ttl: 30 } : {}),
  };
  return {
    Type: 2,
    isReply: isResponse,
    l4: { protocol: { $case: 'UDP', value: { sourcePort, destinationPort: 53 } } },
    eventType: { type: 129, subType: 0 },
    l7: { type: isResponse ? 2 : 1, record: { $case: 'dns', value } },
  };
}

function uuid(random: Random): string {
  const hex = (digits: number) =>
    random
      .below(2 ** (4 * digits))
      .toString(16)
      .padStart(digits, '0');
  return `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(6)}${hex(6)}`;
}

function mac(random: Random): string {
  return Array.from({ length: 6 }, () => random.below(256).toString(16).padStart(2, '0')).join(':');
}
