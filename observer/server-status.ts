// ServerStatus of one ring.

import type { ServerStatusResponse } from '#proto/gen/observer/observer.ts';
import { KIND_FLOW } from './columns.ts';
import type { FlowRing } from './flow-ring.ts';

/** The rate is over flows of the last minute. */
const RATE_WINDOW_SECONDS = 60;

/** @param nowMs, startedMs Unix milliseconds */
export function serverStatusOf(
  ring: FlowRing,
  version: string,
  nowMs: number,
  startedMs: number,
): ServerStatusResponse {
  return {
    numFlows: BigInt(ring.next - ring.oldest),
    maxFlows: BigInt(ring.columns.slots),
    seenFlows: BigInt(ring.counters.flows),
    uptimeNs: BigInt(Math.max(0, Math.round((nowMs - startedMs) * 1e6))),
    numConnectedNodes: undefined,
    numUnavailableNodes: undefined,
    unavailableNodes: [],
    version,
    flowsRate: flowsPerSecond(ring, nowMs, startedMs),
  };
}

/** Flows a second over the last minute, or since the start if that is nearer; one pass over at most that minute. */
export function flowsPerSecond(ring: FlowRing, nowMs: number, startedMs: number): number {
  const { kind, timeSeconds, slotMask } = ring.columns;
  const since = nowMs / 1000 - RATE_WINDOW_SECONDS;
  let flows = 0;
  for (let sequence = ring.next - 1; sequence >= ring.oldest; sequence--) {
    const slot = sequence & slotMask;
    if ((timeSeconds[slot] as number) < since) break;
    if (kind[slot] === KIND_FLOW) flows++;
  }
  const seconds = Math.min(RATE_WINDOW_SECONDS, Math.max(1, (nowMs - startedMs) / 1000));
  return flows / seconds;
}
