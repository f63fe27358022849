// What a set of policies would have done to traffic that was recorded: denied what got through, allowed what was refused, or
// neither. Pure: flows in one after another, a summary out.

import { readFlowDetails } from '#flow/details.ts';
import { DropReason, type Flow, Verdict } from '#proto/gen/flow/flow.ts';
import { explainDirection } from './explain.ts';
import { type JudgedFlow, judgeFlow } from './observed-flow.ts';
import type { PolicySet } from './policy-set.ts';

export const previewClasses = ['newly denied', 'newly allowed', 'uncertain', 'unchanged'] as const;
export type PreviewClass = (typeof previewClasses)[number];

/** Distinct (source, destination, port); flows of further ones count in the totals alone. */
const maxEdges = 50_000;
const maxReasons = 6;
const maxExamples = 3;
/** Judgements kept by what policy reads of a flow, about 500 bytes each: 16 MB. */
const maxJudgements = 32_768;

export interface PreviewEdge {
  /** "shop/web", "203.0.113.7". */
  readonly source: string;
  readonly destination: string;
  readonly protocol: string;
  readonly port: number;
  readonly flows: Readonly<Record<PreviewClass, number>>;
  /** Why the first flow of the gravest class is denied, allowed or uncertain: plain sentences. */
  readonly why: readonly string[];
  /** Times of the first flows of the gravest class, Unix milliseconds. */
  readonly exampleUnixMs: readonly number[];
}

/** What one flow and all that are equal to it for policy come to: undefined where policy has nothing to say. */
export interface Judgement {
  readonly edge: EdgeCounts | undefined;
  readonly change: PreviewClass;
  /** Seen on its way, and nothing tells whether it arrived. */
  readonly isOnTheWay: boolean;
}

export interface PreviewResult {
  /** Of the whole recording. */
  readonly flows: Readonly<Record<PreviewClass, number>>;
  /** No traffic between pods that policies can decide: other protocols, hosts, drops for other reasons. */
  readonly leftOut: number;
  /** Gravest class first, then by number of flows. */
  readonly edges: readonly PreviewEdge[];
  readonly foldedFlows: number;
}

export interface EdgeCounts {
  readonly source: string;
  readonly destination: string;
  readonly protocol: string;
  readonly port: number;
  readonly flows: Record<PreviewClass, number>;
  readonly why: Map<PreviewClass, readonly string[]>;
  readonly examples: Map<PreviewClass, number[]>;
  /** Packets seen on their way: what became of them only the rest of the edge tells. */
  onTheWay: number;
  wayClass: PreviewClass;
  wasDecided: boolean;
}

export class Preview {
  readonly #set: PolicySet;
  readonly #edges = new Map<string, EdgeCounts>();
  readonly #total = noFlows();
  readonly #judged = new Map<string, Judgement | undefined>();
  #leftOut = 0;
  #folded = 0;

  constructor(set: PolicySet) {
    this.#set = set;
  }

  add(flow: Flow): void {
    const key = questionKey(flow);
    let judgement = this.#judged.get(key);
    if (judgement === undefined && !this.#judged.has(key)) {
      judgement = this.judge(flow);
      if (this.#judged.size >= maxJudgements) this.#judged.clear();
      this.#judged.set(key, judgement);
    }
    this.count(judgement, unixMsOf(flow));
  }

  /** What `count` takes for this flow and for each that is equal to it but for its time. */
  judge(flow: Flow): Judgement | undefined {
    const outcome = observedOutcome(flow);
    const judged = outcome === undefined ? undefined : judgeFlow(this.#set, flow);
    if (judged === undefined || outcome === undefined) return undefined;
    const edge = this.#edge(flow, judged);
    const change = classOf(outcome, judged);
    if (edge !== undefined && !edge.why.has(change))
      edge.why.set(change, change === 'unchanged' ? [] : this.#why(judged));
    return { edge, change, isOnTheWay: outcome === 'forwarded' && !judged.showsPassage };
  }

  count(judgement: Judgement | undefined, unixMs: number): void {
    if (judgement === undefined) {
      this.#leftOut += 1;
      return;
    }
    const { edge, change, isOnTheWay } = judgement;
    if (edge === undefined) {
      this.#folded += 1;
      this.#total[change] += 1;
      return;
    }
    const examples = edge.examples.get(change) ?? [];
    if (examples.length === 0) edge.examples.set(change, examples);
    if (examples.length < maxExamples) examples.push(unixMs);
    if (isOnTheWay) {
      edge.onTheWay += 1;
      edge.wayClass = change;
      return;
    }
    edge.wasDecided = true;
    edge.flows[change] += 1;
  }

  result(): PreviewResult {
    const total = { ...this.#total };
    const edges = [...this.#edges.values()].map((edge): PreviewEdge => {
      const flows = { ...edge.flows };
      // Nothing was ever answered and nothing dropped, as with UDP that is only sent: it passed, as far as was seen.
      if (!edge.wasDecided) flows[edge.wayClass] += edge.onTheWay;
      for (const each of previewClasses) total[each] += flows[each];
      const { source, destination, protocol, port } = edge;
      const worst = gravest(flows);
      const exampleUnixMs = edge.examples.get(worst) ?? [];
      return { source, destination, protocol, port, flows, why: edge.why.get(worst) ?? [], exampleUnixMs };
    });
    edges.sort((left, right) => {
      const [a, b] = [gravest(left.flows), gravest(right.flows)];
      if (a !== b) return previewClasses.indexOf(a) - previewClasses.indexOf(b);
      return right.flows[a] - left.flows[b] || (edgeText(left) < edgeText(right) ? -1 : 1);
    });
    return { flows: total, leftOut: this.#leftOut, edges, foldedFlows: this.#folded };
  }

  #edge(flow: Flow, judged: JudgedFlow): EdgeCounts | undefined {
    const [from, to] = flow.isReply === true ? [flow.destination, flow.source] : [flow.source, flow.destination];
    const source = nameOf(from, judged.source.text);
    const destination = nameOf(to, judged.destination.text);
    const { protocol, port } = judged.flow;
    const key = `${source} ${destination} ${protocol} ${port}`;
    const known = this.#edges.get(key);
    if (known !== undefined || this.#edges.size >= maxEdges) return known;
    const way = { onTheWay: 0, wayClass: 'unchanged', wasDecided: false } as const;
    const edge: EdgeCounts = {
      source,
      destination,
      protocol,
      port,
      flows: noFlows(),
      why: new Map(),
      examples: new Map(),
      ...way,
    };
    this.#edges.set(key, edge);
    return edge;
  }

  #why({ flow, verdict, doubts }: JudgedFlow): readonly string[] {
    const denying = (['egress', 'ingress'] as const).filter((each) => verdict[each]?.verdict === 'denied');
    const directions = denying.length > 0 ? denying : (['egress', 'ingress'] as const);
    const rules = directions.flatMap((direction) => {
      const own = verdict[direction];
      return own === undefined ? [] : explainDirection(this.#set, direction, flow, own, maxReasons);
    });
    return [...doubts.map(({ text }) => text), ...rules];
  }
}

/** All of a flow that a set of policies reads, and that the preview's edges are named by. */
function questionKey(flow: Flow): string {
  const { IP, l4, l7, extensions } = flow;
  const protocol = l4?.protocol;
  let transport = '';
  if (protocol?.$case === 'TCP' || protocol?.$case === 'UDP' || protocol?.$case === 'SCTP') {
    const { sourcePort, destinationPort } = protocol.value;
    const isReset = protocol.$case === 'TCP' && protocol.value.flags?.RST === true;
    transport = `${protocol.$case} ${flow.isReply === true ? sourcePort : destinationPort}${isReset ? ' RST' : ''}`;
  } else if (protocol !== undefined) transport = `${protocol.$case} ${protocol.value.type}`;
  const record = l7?.record;
  const request =
    record?.$case === 'http' || record?.$case === 'dns'
      ? JSON.stringify(record.value, withoutBigInts)
      : (record?.$case ?? '');
  const details = extensions === undefined ? undefined : readFlowDetails(flow);
  const hasAnswer = `${(details?.reason ?? 0) === 0} ${(details?.responder?.packets ?? 0n) > 0n}`;
  return [
    `${flow.verdict} ${flow.dropReasonDesc} ${flow.isReply} ${l7 !== undefined} ${transport} ${hasAnswer}`,
    ...[IP?.source, IP?.destination, request, endKey(flow.source), endKey(flow.destination)],
    ...flow.sourceNames,
    '',
    ...flow.destinationNames,
  ].join('\n');
}

function withoutBigInts(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? undefined : value;
}

function endKey(end: Flow['source']): string {
  if (end === undefined) return '';
  return `${end.namespace} ${end.podName} ${end.workloads[0]?.name ?? ''} ${end.labels.join()}`;
}

function unixMsOf({ time }: Flow): number {
  return time === undefined ? 0 : Number(time.seconds) * 1000 + time.nanos / 1e6;
}

function noFlows(): Record<PreviewClass, number> {
  return { 'newly denied': 0, 'newly allowed': 0, uncertain: 0, unchanged: 0 };
}

/** Undefined for a drop that was not policy's: a policy changes nothing about it. */
function observedOutcome(flow: Flow): 'forwarded' | 'refused' | undefined {
  if (flow.verdict === Verdict.DROPPED || flow.verdict === Verdict.AUDIT) {
    const reason = flow.dropReasonDesc;
    const isPolicy = reason === DropReason.POLICY_DENIED || reason === DropReason.POLICY_DENY;
    return isPolicy || flow.verdict === Verdict.AUDIT ? 'refused' : undefined;
  }
  return flow.verdict === Verdict.ERROR ? undefined : 'forwarded';
}

function classOf(outcome: 'forwarded' | 'refused', { verdict, doubts }: JudgedFlow): PreviewClass {
  if (doubts.length > 0) return 'uncertain';
  if (verdict.verdict === 'denied') return outcome === 'forwarded' ? 'newly denied' : 'unchanged';
  return outcome === 'refused' ? 'newly allowed' : 'unchanged';
}

function gravest(flows: Readonly<Record<PreviewClass, number>>): PreviewClass {
  return previewClasses.find((each) => flows[each] > 0) ?? 'unchanged';
}

function nameOf(endpoint: Flow['source'], otherwise: string): string {
  const [workload] = endpoint?.workloads ?? [];
  return endpoint === undefined || workload === undefined || endpoint.namespace === ''
    ? otherwise
    : `${endpoint.namespace}/${workload.name}`;
}

function edgeText({ source, destination, port }: PreviewEdge): string {
  return `${source} ${destination} ${port}`;
}
