// Random responses for property tests: every field that the scanner reads, and some that it must step over.

import fc from 'fast-check';
import { Flow } from '#proto/gen/flow/flow.ts';
import type { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { FlowDetails } from '#proto/gen/parallax/v1/flow_details.ts';
import { FLOW_DETAILS_TYPE_URL } from './scan-details.ts';

const int32 = fc.oneof(fc.constant(0), fc.nat(300), fc.integer());
const uint32 = fc.oneof(fc.nat(70_000), fc.integer({ min: 0, max: 0xffffffff }));
const uint64 = fc.oneof(fc.bigInt({ min: 0n, max: 10n ** 9n }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
const text = fc.oneof(
  fc.constant(''),
  fc.constantFrom('shop', 'cart-1', 'k8s:app=cart', '10.0.0.1'),
  fc.string({ maxLength: 40 }),
);
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const timestamp = fc.record({
  seconds: fc.oneof(fc.bigInt({ min: 0n, max: 4_000_000_000n }), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  nanos: fc.oneof(fc.nat(999_999_999), fc.integer()),
});
const endpoint = fc.record({
  ID: uint32,
  identity: uint32,
  clusterName: text,
  namespace: text,
  labels: fc.array(text, { maxLength: 4 }),
  podName: text,
  workloads: fc.array(fc.record({ name: text, kind: text }), { maxLength: 2 }),
});
const flags = fc.record({
  FIN: fc.boolean(),
  SYN: fc.boolean(),
  RST: fc.boolean(),
  PSH: fc.boolean(),
  ACK: fc.boolean(),
  URG: fc.boolean(),
  ECE: fc.boolean(),
  CWR: fc.boolean(),
  NS: fc.boolean(),
});
const ports = { sourcePort: uint32, destinationPort: uint32 };
const protocol = fc.oneof(
  fc.record({ $case: fc.constant('TCP' as const), value: fc.record({ ...ports, flags: optional(flags) }) }),
  fc.record({ $case: fc.constant('UDP' as const), value: fc.record(ports) }),
  fc.record({ $case: fc.constant('SCTP' as const), value: fc.record(ports) }),
  fc.record({ $case: fc.constant('ICMPv4' as const), value: fc.record({ type: uint32, code: uint32 }) }),
  fc.record({ $case: fc.constant('IGMP' as const), value: fc.record({ type: uint32, groupAddress: text }) }),
);
const l7Record = fc.oneof(
  fc.record({
    $case: fc.constant('dns' as const),
    value: fc.record({ query: text, ips: fc.array(text), rcode: uint32 }),
  }),
  fc.record({ $case: fc.constant('http' as const), value: fc.record({ code: uint32, method: text, url: text }) }),
  fc.record({ $case: fc.constant('kafka' as const), value: fc.record({ errorCode: int32, topic: text }) }),
);
const traffic = fc.record({ bytes: uint64, newBytes: uint64, newPackets: uint64 });
const details = fc
  .record({ reason: int32, initiator: optional(traffic), responder: optional(traffic), requestNumber: uint64 })
  .map((parts) =>
    FlowDetails.encode(FlowDetails.fromPartial({ ...parts, reason: parts.reason as FlowDetails['reason'] })).finish(),
  );
const extensions = fc.oneof(
  fc.record({ typeUrl: fc.constant(FLOW_DETAILS_TYPE_URL), value: details }),
  fc.record({ typeUrl: text, value: fc.uint8Array({ maxLength: 30 }) }),
);

const flow: fc.Arbitrary<Flow> = fc
  .record({
    time: optional(timestamp),
    uuid: text,
    verdict: int32,
    dropReason: uint32,
    IP: optional(
      fc.record({ source: text, sourceXlated: text, destination: text, ipVersion: int32, encrypted: fc.boolean() }),
    ),
    l4: optional(fc.record({ protocol: optional(protocol) })),
    source: optional(endpoint),
    destination: optional(endpoint),
    Type: int32,
    nodeName: text,
    nodeLabels: fc.array(text, { maxLength: 3 }),
    sourceNames: fc.array(text, { maxLength: 3 }),
    destinationNames: fc.array(text, { maxLength: 3 }),
    l7: optional(fc.record({ type: int32, latencyNs: uint64, record: optional(l7Record) })),
    eventType: optional(fc.record({ type: int32, subType: int32 })),
    sourceService: optional(fc.record({ name: text, namespace: text })),
    destinationService: optional(fc.record({ name: text, namespace: text })),
    trafficDirection: int32,
    dropReasonDesc: int32,
    isReply: optional(fc.boolean()),
    Summary: text,
    extensions: optional(extensions),
    policyLog: fc.array(text, { maxLength: 2 }),
  })
  // Enums are open on the wire: any int32 must come through.
  .map((parts) => Flow.fromPartial(parts as Parameters<typeof Flow.fromPartial>[0]));

/** Mostly flows; also node status, lost events and responses with neither. */
export const responseArbitrary: fc.Arbitrary<GetFlowsResponse> = fc
  .record({
    responseTypes: fc.oneof(
      { weight: 8, arbitrary: flow.map((value) => ({ $case: 'flow' as const, value })) },
      {
        weight: 1,
        arbitrary: fc.constant({
          $case: 'nodeStatus' as const,
          value: { stateChange: 1 as const, nodeNames: ['n'], message: '' },
        }),
      },
      {
        weight: 1,
        arbitrary: uint64.map((numEventsLost) => ({
          $case: 'lostEvents' as const,
          value: { source: 3 as const, numEventsLost, cpu: undefined, first: undefined, last: undefined },
        })),
      },
      { weight: 1, arbitrary: fc.constant(undefined) },
    ),
    nodeName: text,
    time: optional(timestamp),
  })
  .map((response) => response as GetFlowsResponse);
