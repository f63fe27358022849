// One record beside the kernel's flows of the same request: client, proxy, server. The spans are the proxy's own
// measurements; the hops are looked up in the flow ring when somebody asks, by addresses, ports and time, so that nothing is
// paid a request and flows that came later than the log are found too. What is not certain is said, and nothing is invented.

import { readFlowDetails } from '#flow/details.ts';
import { prepareFilters } from '#flow/filter/prepare.ts';
import { BLOCK, FilterPlan, MARK_FLOW } from '#observer/filter-plan.ts';
import type { FlowRing } from '#observer/flow-ring.ts';
import { decodeKept } from '#observer/kept-message.ts';
import type { AccessLogCommon } from '#proto/gen/envoy/data/accesslog/v3/accesslog.ts';
import { type Flow, FlowFilter } from '#proto/gen/flow/flow.ts';
import {
  type AccessLogRecord,
  type AccessLogStory,
  StoryHop,
  StoryHop_Certainty,
  type StorySpan,
} from '#proto/gen/parallax/v1/access_log.ts';
import { type TcpHealth, ViewSource } from '#proto/gen/parallax/v1/flow_details.ts';
import { type EntryEnd, endText, entryEnds, isLoopback } from './entry-ends.ts';
import { commonOf, isTransparent, microseconds } from './make-record.ts';

/** A connection's flows may tell of it some time around a request: its opening before, its tick of 5 s or closing after. */
const beforeMs = 30_000;
const afterMs = 15_000;
/** Flows of one hop that are told. */
const maxFlows = 20;
/** Longest search; what is found until then is told. */
const searchMs = 200;

export async function storyOf(record: AccessLogRecord, ring: FlowRing): Promise<AccessLogStory> {
  const common = commonOf(record);
  const { client, accepted, proxy, server } = entryEnds(common);
  const startMs = timeMs(record);
  const endMs = startMs + Number(record.durationUs ?? 0n) / 1000;
  const [downstream, upstream] = await Promise.all([
    hop(ring, client, accepted, 'the client', startMs, endMs),
    server === undefined
      ? StoryHop.create({ reason: 'the proxy did not connect to a server for this request.' })
      : hop(ring, proxy ?? ownAddress(record, accepted), server, 'the proxy', startMs, endMs),
  ]);
  return { record, spans: spansOf(common, record.durationUs), downstream, upstream };
}

/** Where a proxy does not log its own end: from the address that it accepted on, if that is its own, with some port. */
function ownAddress(record: AccessLogRecord, accepted: EntryEnd | undefined): EntryEnd | undefined {
  return accepted === undefined || isTransparent(record.mesh) ? undefined : { ip: accepted.ip, port: 0 };
}

/**
 * The parts of a request's time that follow from what the proxy told. Consecutive; a part whose end is not told belongs to
 * the next one that is.
 */
export function spansOf(common: AccessLogCommon | undefined, durationUs: bigint | undefined): StorySpan[] {
  const marks: readonly (readonly [string, number | undefined])[] = [
    ['request received', microseconds(common?.timeToLastRxByte)],
    ['time in proxy', microseconds(common?.timeToFirstUpstreamTxByte)],
    ['request sent', microseconds(common?.timeToLastUpstreamTxByte)],
    ['upstream wait', microseconds(common?.timeToFirstUpstreamRxByte)],
    ['response received', microseconds(common?.timeToLastUpstreamRxByte)],
    [
      'response sent',
      microseconds(common?.timeToLastDownstreamTxByte) ?? (durationUs === undefined ? undefined : Number(durationUs)),
    ],
  ];
  const spans: StorySpan[] = [];
  let at = 0;
  for (const [name, end] of marks) {
    // Body and headers overlap: a proxy may send on before it has received all, so a mark can lie before the last one.
    if (end === undefined || end < at) continue;
    spans.push({ name, startUs: BigInt(at), endUs: BigInt(end) });
    at = end;
  }
  return spans;
}

async function hop(
  ring: FlowRing,
  from: EntryEnd | undefined,
  to: EntryEnd | undefined,
  opener: string,
  startMs: number,
  endMs: number,
): Promise<StoryHop> {
  if (from === undefined || to === undefined) {
    return StoryHop.create({
      reason: `the log does not tell the address of ${from === undefined ? opener : 'the other end'}.`,
    });
  }
  const base = { ...StoryHop.create(), source: endText(from), destination: endText(to) };
  if (Number.isNaN(startMs)) return { ...base, reason: 'the log does not tell when the request began.' };
  const flows = await findFlows(ring, from, to, startMs - beforeMs, endMs + afterMs);
  if (flows.length === 0) {
    const where = isLoopback(from) || isLoopback(to) ? ' Loopback inside a pod is not captured.' : '';
    return { ...base, reason: `no flow between these addresses in the ring around that time.${where}` };
  }
  const isExact = from.port !== 0 && to.port !== 0;
  return {
    ...base,
    certainty: isExact ? StoryHop_Certainty.EXACT : StoryHop_Certainty.ADDRESSES,
    reason: isExact ? '' : `the log does not tell the port of ${opener}: any of its connections at that time.`,
    flows,
    tcp: isExact ? lastHealth(flows) : undefined,
  };
}

/** Flows of packets between the two, either way, oldest first. */
async function findFlows(
  ring: FlowRing,
  from: EntryEnd,
  to: EntryEnd,
  sinceMs: number,
  untilMs: number,
): Promise<Flow[]> {
  const filter = await prepareFilters([between(from, to), between(to, from)], []);
  const plan = new FilterPlan(ring, filter);
  const marks = new Uint8Array(BLOCK);
  const found: Flow[] = [];
  const deadline = performance.now() + searchMs;
  for (let end = ring.next; end > ring.oldest && found.length < maxFlows && performance.now() < deadline; ) {
    const begin = Math.max(ring.oldest, end - BLOCK);
    // The ring is in order but for late ones, which lie behind their place by less than the margins.
    if (ring.timeMs(end - 1) < sinceMs) break;
    plan.select(begin, end, marks);
    for (let sequence = end - 1; sequence >= begin && found.length < maxFlows; sequence -= 1) {
      if (marks[sequence - begin] !== MARK_FLOW) continue;
      const at = ring.timeMs(sequence);
      if (at < sinceMs || at > untilMs) continue;
      const flow = packetFlow(ring.messageAt(sequence));
      if (flow !== undefined) found.push(flow);
    }
    end = begin;
  }
  return found.reverse();
}

function between(from: EntryEnd, to: EntryEnd): FlowFilter {
  return FlowFilter.fromPartial({
    sourceIp: [from.ip],
    destinationIp: [to.ip],
    ...(from.port === 0 ? {} : { sourcePort: [String(from.port)] }),
    ...(to.port === 0 ? {} : { destinationPort: [String(to.port)] }),
  });
}

/** Undefined for flows that were made of access logs: a log is no witness for itself. */
function packetFlow(message: Uint8Array): Flow | undefined {
  const response = decodeKept(message)?.responseTypes;
  if (response?.$case !== 'flow') return undefined;
  return readFlowDetails(response.value)?.viewSource === ViewSource.VIEW_SOURCE_ACCESS_LOG ? undefined : response.value;
}

function lastHealth(flows: readonly Flow[]): TcpHealth | undefined {
  return flows.map((flow) => readFlowDetails(flow)?.tcp).findLast((tcp) => tcp !== undefined);
}

function timeMs(record: AccessLogRecord): number {
  const time = commonOf(record)?.startTime;
  return time === undefined ? Number.NaN : Number(time.seconds) * 1000 + time.nanos / 1e6;
}
