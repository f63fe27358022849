// What a set of policies would have done to traffic that was recorded: denied what got through, allowed what was refused, or
// neither. Pure: flows in one after another, a summary out.

import { DropReason, type Flow, Verdict } from '#proto/gen/flow/flow.ts';
import { explainDirection } from './explain.ts';
import { type JudgedFlow, judgeFlow } from './observed-flow.ts';
import type { PolicySet } from './policy-set.ts';

export const previewClasses = ['newly denied', 'newly allowed', 'uncertain', 'unchanged'] as const;
export type PreviewClass = (typeof previewClasses)[number];

/** Distinct (source, destination, port); flows of further ones count in the totals alone. */
const maxEdges = 50_000;
const maxReasons = 6;

export interface PreviewEdge {
  /** "shop/web", "203.0.113.7". */
  readonly source: string;
  readonly destination: string;
  readonly protocol: string;
  readonly port: number;
  readonly flows: Readonly<Record<PreviewClass, number>>;
  /** Why the first flow of the gravest class is denied, allowed or uncertain: plain sentences. */
  readonly why: readonly string[];
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

interface EdgeCounts {
  readonly source: string;
  readonly destination: string;
  readonly protocol: string;
  readonly port: number;
  readonly flows: Record<PreviewClass, number>;
  readonly why: Map<PreviewClass, readonly string[]>;
  /** Packets seen on their way: what became of them only the rest of the edge tells. */
  onTheWay: number;
  wayClass: PreviewClass;
  wasDecided: boolean;
}

export class Preview {
  readonly #set: PolicySet;
  readonly #edges = new Map<string, EdgeCounts>();
  readonly #total = noFlows();
  #leftOut = 0;
  #folded = 0;

  constructor(set: PolicySet) {
    this.#set = set;
  }

  add(flow: Flow): void {
    const outcome = observedOutcome(flow);
    const judged = outcome === undefined ? undefined : judgeFlow(this.#set, flow);
    if (judged === undefined || outcome === undefined) {
      this.#leftOut += 1;
      return;
    }
    const edge = this.#edge(flow, judged);
    const change = classOf(outcome, judged);
    if (edge === undefined) {
      this.#folded += 1;
      this.#total[change] += 1;
      return;
    }
    if (!edge.why.has(change)) edge.why.set(change, change === 'unchanged' ? [] : this.#why(judged));
    if (outcome === 'forwarded' && !judged.showsPassage) {
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
      return { source, destination, protocol, port, flows, why: edge.why.get(gravest(flows)) ?? [] };
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
    const edge: EdgeCounts = { source, destination, protocol, port, flows: noFlows(), why: new Map(), ...way };
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
