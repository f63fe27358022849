import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packFlowDetails } from '#flow/details.ts';
import { FlowRing } from '#observer/flow-ring.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { AccessLogOrigin, AccessLogRecord, StoryHop_Certainty } from '#proto/gen/parallax/v1/access_log.ts';
import { FlowDetails } from '#proto/gen/parallax/v1/flow_details.ts';
import { flowBytes } from '../observer-fixture.ts';
import { makeRecord } from './make-record.ts';
import { flowsOf } from './record-flows.ts';
import { storyOf } from './story.ts';

const nowMs = Date.now();
const startTime = { seconds: BigInt(Math.floor(nowMs / 1000)), nanos: 0 };
const socket = (address: string, portValue: number) => ({
  address: {
    $case: 'socketAddress' as const,
    value: { address, portSpecifier: { $case: 'portValue' as const, value: portValue } },
  },
});

/** Client 10.0.0.1, gateway 10.0.0.9, server 10.0.0.2; the gateway's port towards the server as given. */
function record(proxyPort: number): AccessLogRecord {
  const { entry } = AccessLogRecord.fromPartial({
    entry: {
      $case: 'http',
      value: {
        commonProperties: {
          startTime,
          duration: { nanos: 5_000_000 },
          downstreamRemoteAddress: socket('10.0.0.1', 40_000),
          downstreamLocalAddress: socket('10.0.0.9', 80),
          upstreamLocalAddress: socket('10.0.0.9', proxyPort),
          upstreamRemoteAddress: socket('10.0.0.2', 8080),
        },
        request: { requestMethod: 1, path: '/' },
        response: { responseCode: 200 },
      },
    },
  });
  assert.ok(entry);
  return makeRecord({ entry, origin: AccessLogOrigin.create(), received: startTime }, () => undefined);
}

function kernelFlow(
  source: [string, number],
  destination: [string, number],
  ageMs: number,
  details: Partial<FlowDetails> = {},
) {
  return flowBytes('', 'node-1', nowMs - ageMs, {
    IP: { source: source[0], destination: destination[0] },
    l4: { protocol: { $case: 'TCP', value: { sourcePort: source[1], destinationPort: destination[1] } } },
    extensions: packFlowDetails(FlowDetails.fromPartial(details)),
  });
}

function ringOf(...messages: Uint8Array[]): FlowRing {
  const ring = new FlowRing({ capacityBytes: 1 << 20, endpointIds: 1024, endpointKeyBytes: 1 << 18 });
  for (const message of messages) ring.append(message);
  return ring;
}

test('both sides of the proxy are found by addresses and ports, with the health of the connection', async () => {
  const ring = ringOf(
    kernelFlow(['10.0.0.1', 40_000], ['10.0.0.9', 80], 20),
    kernelFlow(['10.0.0.9', 50_000], ['10.0.0.2', 8080], 15, {
      tcp: { smoothedRttUs: 800, retransmits: 2 } as FlowDetails['tcp'],
    }),
    kernelFlow(['10.0.0.2', 8080], ['10.0.0.9', 50_000], 10),
    kernelFlow(['10.0.0.9', 50_001], ['10.0.0.2', 8080], 10),
  );
  const { downstream, upstream } = await storyOf(record(50_000), ring);
  assert.equal(downstream?.certainty, StoryHop_Certainty.EXACT);
  assert.equal(downstream?.flows.length, 1);
  assert.equal(upstream?.certainty, StoryHop_Certainty.EXACT);
  assert.equal(upstream?.flows.length, 2);
  assert.equal(upstream?.tcp?.smoothedRttUs, 800);
  assert.equal(upstream?.tcp?.retransmits, 2);
});

test('without the port it is any of the connections of that time, and none of their figures is taken', async () => {
  const ring = ringOf(
    kernelFlow(['10.0.0.9', 50_000], ['10.0.0.2', 8080], 15, { tcp: { smoothedRttUs: 800 } as FlowDetails['tcp'] }),
    kernelFlow(['10.0.0.9', 50_001], ['10.0.0.2', 8080], 10),
  );
  const { upstream } = await storyOf(record(0), ring);
  assert.equal(upstream?.certainty, StoryHop_Certainty.ADDRESSES);
  assert.equal(upstream?.flows.length, 2);
  assert.equal(upstream?.tcp, undefined);
  assert.match(upstream?.reason ?? '', /does not tell the port/);
});

test('flows of another time, and those made of access logs, are no witnesses', async () => {
  const told = record(50_000);
  const ring = ringOf(
    kernelFlow(['10.0.0.9', 50_000], ['10.0.0.2', 8080], 120_000),
    ...flowsOf(told, () => undefined).map(({ message }) => message),
  );
  const { upstream, downstream } = await storyOf(told, ring);
  assert.equal(upstream?.certainty, StoryHop_Certainty.NONE);
  assert.equal(downstream?.certainty, StoryHop_Certainty.NONE);
});

test("a flow is never told to lie ahead of its log, however far the proxy's clock is", () => {
  const told = record(50_000);
  const common = told.entry?.value.commonProperties;
  assert.ok(common);
  common.startTime = { seconds: startTime.seconds + 86_400n, nanos: 0 };
  for (const { message } of flowsOf(told, () => undefined)) {
    const { time } = GetFlowsResponse.decode(message);
    assert.ok(time && time.seconds - startTime.seconds < 60n, String(time?.seconds));
  }
});
