import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { readFlowDetails } from '#flow/details.ts';
import { reservedEndpoint } from '#kubernetes/identities.ts';
import { PodIndex } from '#kubernetes/pod-index.ts';
import { ServiceDirectory } from '#kubernetes/service-directory.ts';
import {
  DropReason,
  type Flow,
  FlowType,
  TraceObservationPoint,
  TrafficDirection,
  Verdict,
} from '#proto/gen/flow/flow.ts';
import type { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { FlowReason } from '#proto/gen/parallax/v1/flow_details.ts';
import { EndNames } from './end-names.ts';
import type { ConnectionRecord, DropRecord, L7Record, SocketRecord } from './kernel/kernel-record.ts';
import { ServiceTranslations } from './service-translations.ts';
import { SocketTable } from './socket-table.ts';
import { ReadAssembler } from './testing/read-assembler.ts';

const ID = 'TCP|10.0.0.1|40000|10.0.0.2|80';

const connection = (more: Partial<ConnectionRecord> = {}): ConnectionRecord => ({
  type: 'connection',
  reason: 'opened',
  timeBootNs: 2_000_000_000,
  openedBootNs: 1_000_000_000,
  connectionId: ID,
  protocol: 'TCP',
  ipVersion: 4,
  initiator: {
    address: '10.0.0.1',
    port: 40_000,
    bytes: 74,
    packets: 1,
    newBytes: 74,
    newPackets: 1,
    tcpFlags: 2,
    socketCookie: 41,
    cgroupId: 25,
  },
  responder: {
    address: '10.0.0.2',
    port: 80,
    bytes: 0,
    packets: 0,
    newBytes: 0,
    newPackets: 0,
    tcpFlags: 0,
    socketCookie: 0,
    cgroupId: 0,
  },
  view: 'source',
  interfaceIndex: 7,
  fromInitiator: true,
  packetTcpFlags: 2,
  joinedMidway: false,
  ...more,
});

const message = (fromInitiator: boolean, text: string, more: Partial<L7Record> = {}): L7Record => {
  const ends = [
    { address: '10.0.0.1', port: 40_000 },
    { address: '10.0.0.2', port: 80 },
  ] as const;
  return {
    type: 'l7',
    timeBootNs: 3_000_000_000,
    connectionId: ID,
    fromInitiator,
    observation: 'source',
    interfaceIndex: 7,
    protocol: 'TCP',
    ipVersion: 4,
    source: fromInitiator ? ends[0] : ends[1],
    destination: fromInitiator ? ends[1] : ends[0],
    sequence: 1000,
    payloadLength: text.length,
    data: Buffer.from(text),
    hint: 'http1',
    nothingMissed: false,
    wholeStream: false,
    socketCookie: 0,
    cgroupId: 0,
    ...more,
  };
};

const drop: DropRecord = {
  type: 'drop',
  timeBootNs: 1,
  reason: 12,
  reasonName: 'NETFILTER_DROP',
  location: 'ffffffff81234567',
  symbol: 'nf_hook_slow',
  protocol: 'TCP',
  ipVersion: 4,
  source: { address: '10.0.0.1', port: 40_000 },
  destination: { address: '10.0.0.2', port: 81 },
  tcpFlags: 2,
  bytes: 60,
  interfaceIndex: 2,
  interfaceName: 'eth0',
  networkNamespace: 4026532247,
  direction: 'ingress',
  suppressedBefore: 5,
};

const socket: SocketRecord = {
  type: 'socket',
  event: 'connected',
  timeBootNs: 1,
  socketCookie: 41,
  cgroupId: 25,
  pid: 77,
  command: 'curl',
  networkNamespace: 1,
  ipVersion: 4,
  local: { address: '10.0.0.1', port: 40_000 },
  remote: { address: '10.0.0.2', port: 80 },
  health: { smoothedRttUs: 35, minimumRttUs: 33, retransmits: 1, connectUs: 120 },
};

let assembler: ReadAssembler;

beforeEach(() => {
  const sockets = new SocketTable();
  const pod = (podName: string) => ({ ...reservedEndpoint('unmanaged'), namespace: 'shop', podName });
  const pods = new Map([
    ['10.0.0.1', pod('web')],
    ['10.0.0.2', pod('cart')],
  ]);
  assembler = new ReadAssembler({
    names: new EndNames({ byAddress: (address) => pods.get(address) }, sockets),
    sockets,
    translations: new ServiceTranslations(new ServiceDirectory(new PodIndex())),
    interfaceName: (index) => (index === 7 ? 'veth7' : undefined),
  });
});

function onlyFlow(responses: GetFlowsResponse[]): Flow {
  assert.equal(responses.length, 1);
  const [response] = responses;
  assert.ok(response?.responseTypes?.$case === 'flow');
  assert.equal(response.nodeName, 'node-1');
  return response.responseTypes.value;
}

test('a connection seen at its initiator is an egress flow from that endpoint', () => {
  const flow = onlyFlow(assembler.assemble(connection()));
  assert.partialDeepStrictEqual(flow.time, { seconds: 1_700_000_002n, nanos: 0 });
  assert.equal(flow.verdict, Verdict.FORWARDED);
  assert.equal(flow.Type, FlowType.L3_L4);
  assert.partialDeepStrictEqual(flow.eventType, { type: 4, subType: 5 });
  assert.equal(flow.traceObservationPoint, TraceObservationPoint.FROM_ENDPOINT);
  assert.equal(flow.trafficDirection, TrafficDirection.EGRESS);
  assert.equal(flow.isReply, false);
  assert.equal(flow.source?.podName, 'web');
  assert.equal(flow.destination?.podName, 'cart');
  assert.partialDeepStrictEqual(flow.interface, { index: 7, name: 'veth7' });
  assert.equal(flow.socketCookie, 41n);
  assert.equal(flow.Summary, 'TCP Flags: SYN');
  const details = readFlowDetails(flow);
  assert.equal(details?.reason, FlowReason.FLOW_REASON_OPENED);
  assert.equal(details?.initiator?.newBytes, 74n);
});

test('its answer keeps the direction of the connection and is a reply', () => {
  const flow = onlyFlow(assembler.assemble(connection({ reason: 'flags', fromInitiator: false, packetTcpFlags: 18 })));
  assert.equal(flow.isReply, true);
  assert.equal(flow.trafficDirection, TrafficDirection.EGRESS);
  assert.equal(flow.traceObservationPoint, TraceObservationPoint.TO_ENDPOINT);
  assert.equal(flow.source?.podName, 'cart');
  assert.equal(flow.Summary, 'TCP Flags: SYN, ACK');
});

test('the process and the health of the local socket ride in the details', () => {
  assert.deepEqual(assembler.assemble(socket), []);
  const details = readFlowDetails(onlyFlow(assembler.assemble(connection())));
  assert.equal(details?.sourceProcess?.command, 'curl');
  assert.equal(details?.sourceProcess?.pid, 77);
  assert.equal(details?.tcp?.connectUs, 120);
  assert.equal(details?.tcp?.retransmits, 1);
});

test("request and response of a connection with both ends here are one view, the destination's", () => {
  assembler.assemble(connection());
  assembler.assemble(connection({ view: 'destination', interfaceIndex: 8 }));
  const request = onlyFlow(assembler.assemble(message(true, 'GET /cart HTTP/1.1\r\nHost: cart\r\n\r\n')));
  const response = onlyFlow(
    assembler.assemble(message(false, 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', { timeBootNs: 3_005_000_000 })),
  );
  for (const flow of [request, response]) {
    assert.equal(flow.trafficDirection, TrafficDirection.INGRESS);
    assert.equal(flow.Type, FlowType.L7);
    assert.partialDeepStrictEqual(flow.eventType, { type: 129, subType: 0 });
  }
  assert.equal(request.isReply, false);
  assert.equal(response.isReply, true);
  assert.equal(response.l7?.latencyNs, 5_000_000n);
  assert.equal(response.source?.podName, 'cart');
  assert.equal(readFlowDetails(request)?.requestNumber, 1n);
  assert.equal(readFlowDetails(response)?.requestNumber, 1n);
});

test("messages of a connection whose other end is elsewhere are the initiator's view", () => {
  assembler.assemble(connection());
  const flow = onlyFlow(assembler.assemble(message(true, 'GET / HTTP/1.1\r\nHost: cart\r\n\r\n')));
  assert.equal(flow.trafficDirection, TrafficDirection.EGRESS);
});

test('a message whose connection was lost still makes a flow', () => {
  const flow = onlyFlow(assembler.assemble(message(true, 'GET / HTTP/1.1\r\nHost: cart\r\n\r\n')));
  assert.equal(flow.destination?.podName, 'cart');
});

test("a drop names the kernel's reason, what it stands for, and claims nothing about replies", () => {
  const flow = onlyFlow(assembler.assemble(drop));
  assert.equal(flow.verdict, Verdict.DROPPED);
  assert.equal(flow.dropReasonDesc, DropReason.POLICY_DENIED);
  assert.partialDeepStrictEqual(flow.eventType, { type: 1, subType: DropReason.POLICY_DENIED });
  assert.equal(flow.isReply, undefined);
  assert.equal(flow.trafficDirection, TrafficDirection.INGRESS);
  const details = readFlowDetails(flow);
  assert.equal(details?.drop?.reason, 'NETFILTER_DROP');
  assert.equal(details?.drop?.count, 6n);
  assert.equal(details?.drop?.location, 'nf_hook_slow');
  assert.equal(details?.drop?.locationAddress, 0xffffffff81234567n);
});

test('a drop reason without a word in Hubble stays unknown there', () => {
  const flow = onlyFlow(assembler.assemble({ ...drop, reasonName: 'SOCKET_RCVBUFF' }));
  assert.equal(flow.dropReasonDesc, DropReason.DROP_REASON_UNKNOWN);
  assert.equal(readFlowDetails(flow)?.drop?.reason, 'SOCKET_RCVBUFF');
});
