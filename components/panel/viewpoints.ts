// One connection as each place that saw it tells it: the opener's node, the server's, a proxy between. Read from the lines
// of /api/flows; laid side by side they tell where time was spent or packets were refused. Pure.

export interface Viewpoint {
  readonly node: string;
  readonly place: 'source' | 'destination' | 'between';
  readonly flows: number;
  /** Of the newest flow: "FORWARDED". */
  readonly verdict: string;
  readonly dropReason: string;
  /** From request to response as seen there, microseconds; undefined where none was seen. */
  readonly latencyUs: number | undefined;
  /** Both ways, as counted there; undefined where nobody counted. */
  readonly bytes: number | undefined;
}

/** The exchange that is looked at, among all of its connection. */
export interface Looked {
  readonly timeMs: number;
  readonly latencyUs: number;
}

/** Responses this far from the one that is looked at are other exchanges. */
const SAME_EXCHANGE_MS = 1_000;

type Json = Readonly<Record<string, unknown>>;

/** The source's view first. @param lines JSON lines of flows; what cannot be read is skipped */
export function viewpointsOf(lines: string, looked: Looked): Viewpoint[] {
  const byView = new Map<string, Json[]>();
  for (const line of lines.split('\n')) {
    const flow = flowOf(line);
    if (flow === undefined) continue;
    const key = `${placeOf(flow)} ${textOf(flow.node_name)}`;
    byView.set(key, [...(byView.get(key) ?? []), flow]);
  }
  const order = { source: 0, between: 1, destination: 2 };
  return [...byView.values()]
    .map((flows) => viewOf(flows, looked))
    .sort((left, right) => order[left.place] - order[right.place]);
}

/** What the way between the two nodes took of an exchange; undefined where only one of them saw it. */
export function wayUs(views: readonly Viewpoint[]): number | undefined {
  const there = views.find(({ place }) => place === 'source')?.latencyUs;
  const here = views.find(({ place }) => place === 'destination')?.latencyUs;
  return there === undefined || here === undefined || there < here ? undefined : there - here;
}

function viewOf(flows: readonly Json[], looked: Looked): Viewpoint {
  const newest = flows.at(-1) ?? {};
  const dropped = flows.findLast((flow) => flow.verdict === 'DROPPED');
  return {
    node: textOf(newest.node_name),
    place: placeOf(newest),
    flows: flows.length,
    verdict: textOf(dropped?.verdict ?? newest.verdict),
    dropReason: textOf(recordOf(recordOf(dropped?.extensions).drop).reason) || textOf(dropped?.drop_reason_desc),
    latencyUs: latencyOf(flows, looked),
    bytes: bytesOf(flows),
  };
}

/** Of the response nearest in time, whose latency is nearest where several are. */
function latencyOf(flows: readonly Json[], looked: Looked): number | undefined {
  let best: { readonly off: number; readonly us: number } | undefined;
  for (const flow of flows) {
    const us = Number(recordOf(flow.l7).latency_ns ?? 0) / 1_000;
    const offMs = Math.abs(Date.parse(textOf(flow.time)) - looked.timeMs);
    if (!(us > 0) || !(offMs <= SAME_EXCHANGE_MS + looked.latencyUs / 1_000)) continue;
    const off = Math.abs(us - looked.latencyUs);
    if (best === undefined || off < best.off) best = { off, us };
  }
  return best?.us;
}

/** Exporters count since the connection opened: the largest is the last. */
function bytesOf(flows: readonly Json[]): number | undefined {
  const counts = flows.map(({ extensions }) => {
    const { initiator, responder } = recordOf(extensions);
    return Number(recordOf(initiator).bytes ?? 0) + Number(recordOf(responder).bytes ?? 0);
  });
  const most = Math.max(0, ...counts);
  return most > 0 ? most : undefined;
}

function placeOf(flow: Json): Viewpoint['place'] {
  if (recordOf(flow.extensions).view_source === 'VIEW_SOURCE_ACCESS_LOG') return 'between';
  if (flow.traffic_direction === 'EGRESS') return 'source';
  return flow.traffic_direction === 'INGRESS' ? 'destination' : 'between';
}

function flowOf(line: string): Json | undefined {
  try {
    const flow = recordOf(recordOf(JSON.parse(line)).flow);
    return Object.keys(flow).length === 0 ? undefined : flow;
  } catch {
    return undefined;
  }
}

function recordOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
