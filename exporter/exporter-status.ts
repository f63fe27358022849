// parallax.v1.Dashboard as an exporter answers it: GetStatus alone, since the map and the page's stream are a relay's.
// What is lost, and what this machine cannot capture and why, in the words a page shows.

import { type ServerWritableStream, status } from '@grpc/grpc-js';
import type { FlowRing } from '#observer/flow-ring.ts';
import { GrpcError } from '#observer/grpc-error.ts';
import type { GrpcServer } from '#observer/grpc-server.ts';
import { unary } from '#observer/observer-service.ts';
import { flowsPerSecond } from '#observer/server-status.ts';
import { Node } from '#proto/gen/observer/observer.ts';
import { DashboardDefinition, HopCoverage, type Notice, Status } from '#proto/gen/parallax/v1/dashboard.ts';
import { NodeState } from '#proto/gen/relay/relay.ts';
import type { CaptureCounters } from './kernel/capture-types.ts';

export interface StatusSource {
  readonly ring: FlowRing;
  readonly nodeName: string;
  readonly version: string;
  /** Where this exporter is reached. */
  readonly address: () => string;
  /** Undefined where nothing is captured: a recording is played, or capture has not started yet. */
  readonly counters: () => CaptureCounters | undefined;
  readonly notices: () => readonly Notice[];
  /** Unix milliseconds. */
  readonly startedMs: number;
  readonly nowMs: () => number;
}

export function registerStatus(server: GrpcServer, source: StatusSource): void {
  const onlyARelay = (method: string) =>
    new GrpcError(status.UNIMPLEMENTED, `${method} is answered by a relay; this is an exporter, which has GetStatus`);
  server.addService(DashboardDefinition, {
    watch: (call: ServerWritableStream<unknown, unknown>) => {
      const { code, message } = onlyARelay('Watch');
      call.emit('error', { code, details: message });
    },
    getServiceMap: unary(() => Promise.reject(onlyARelay('GetServiceMap'))),
    getStatus: unary(async () => exporterStatus(source)),
  });
}

/** One pass over the flows of the last minute, for their rate. */
export function exporterStatus(source: StatusSource): Status {
  const { ring, version } = source;
  const nowMs = source.nowMs();
  const isEmpty = ring.next === ring.oldest;
  const oldest = ring.slotOf(ring.oldest);
  return Status.fromPartial({
    nodes: [nodeOf(source, nowMs)],
    coverage: coverageOf(source),
    flowsPerSecond: flowsPerSecond(ring, nowMs, source.startedMs),
    newestFlowAgeMs: isEmpty ? 0n : BigInt(Math.max(0, Math.round(nowMs - ring.timeMs(ring.next - 1)))),
    notices: [...source.notices()],
    ringFlows: BigInt(ring.next - ring.oldest),
    ringBytes: BigInt(ring.usedBytes),
    ringCapacityBytes: BigInt(ring.capacityBytes),
    version,
    ...(isEmpty
      ? {}
      : {
          oldestFlow: {
            seconds: BigInt(ring.columns.timeSeconds[oldest] ?? 0),
            nanos: ring.columns.timeNanos[oldest] ?? 0,
          },
        }),
  });
}

function nodeOf({ ring, nodeName, version, address, startedMs }: StatusSource, nowMs: number): Node {
  return Node.fromPartial({
    name: nodeName,
    version,
    address: address(),
    state: NodeState.NODE_CONNECTED,
    tls: { enabled: false, serverName: '' },
    uptimeNs: BigInt(Math.max(0, Math.round((nowMs - startedMs) * 1e6))),
    numFlows: BigInt(ring.next - ring.oldest),
    maxFlows: BigInt(ring.columns.slots),
    seenFlows: BigInt(ring.counters.flows),
  });
}

function coverageOf({ ring, nodeName, counters }: StatusSource): HopCoverage[] {
  const kernel = counters();
  const { appended, tooLarge, malformed } = ring.counters;
  const refused = tooLarge + malformed;
  const exporter = HopCoverage.fromPartial({
    hop: 'exporter',
    nodeName,
    seen: BigInt(appended + refused),
    lost: BigInt(refused),
    losses: lossCounts({ 'too large for the ring': tooLarge, malformed }, ''),
  });
  return kernel === undefined ? [exporter] : [kernelCoverage(nodeName, kernel), exporter];
}

/** Counts records, not packets: a connection of a thousand packets is a few records. Skipped ones were never due. */
function kernelCoverage(nodeName: string, { seen, lost, skipped }: CaptureCounters): HopCoverage {
  const { packets: _packets, ...records } = seen;
  const lostRecords = sum(lost);
  return HopCoverage.fromPartial({
    hop: 'kernel',
    nodeName,
    seen: BigInt(sum(records) + lostRecords),
    lost: BigInt(lostRecords),
    losses: [...lossCounts(lost, ''), ...lossCounts(skipped, 'left out: ')],
  });
}

/** Kinds that happened, in words. */
function lossCounts(counts: Readonly<Record<string, number>>, prefix: string) {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => ({ kind: prefix + kind.replaceAll('_', ' '), count: BigInt(count) }));
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
