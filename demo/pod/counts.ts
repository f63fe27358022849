// One pod's own counts of what it sent and what came back, per edge: the demo's ground truth.
import type { EdgeTruth } from '../state.ts';
import type { Protocol, WorkloadKey } from '../topology.ts';

export type EdgeName = Pick<EdgeTruth, 'from' | 'to' | 'protocol' | 'port' | 'countedBy'>;

export class EdgeCounts {
  readonly truth: EdgeTruth;

  readonly #onAnswer: () => void;

  constructor(name: EdgeName, onAnswer: () => void) {
    this.#onAnswer = onAnswer;
    this.truth = { ...name, sent: 0, answered: 0, unanswered: 0, connections: 0, statuses: {} };
  }

  sent(): void {
    this.truth.sent++;
  }

  answered(status: string): void {
    this.truth.answered++;
    this.truth.statuses[status] = (this.truth.statuses[status] ?? 0) + 1;
    this.#onAnswer();
  }

  unanswered(): void {
    this.truth.unanswered++;
  }

  connected(): void {
    this.truth.connections++;
  }
}

/** The edges of one pod; an edge exists from the first time it is asked for. */
export class PodCounts {
  readonly #edges = new Map<string, EdgeCounts>();
  readonly #onAnswer: () => void;

  /** `onAnswer` is called after each answer was counted. */
  constructor(onAnswer: () => void = () => {}) {
    this.#onAnswer = onAnswer;
  }

  edge(
    from: WorkloadKey,
    to: WorkloadKey,
    protocol: Protocol,
    port: number,
    countedBy: EdgeName['countedBy'] = 'source',
  ): EdgeCounts {
    const key = `${from} ${to} ${protocol} ${port}`;
    const known = this.#edges.get(key);
    if (known) return known;
    const counts = new EdgeCounts({ from, to, protocol, port, countedBy }, this.#onAnswer);
    this.#edges.set(key, counts);
    return counts;
  }

  all(): EdgeTruth[] {
    return [...this.#edges.values()].map((counts) => counts.truth);
  }
}

/** Adds up the counts several replicas have of the same edge; order of first appearance. */
export function sumTruth(reports: Iterable<readonly EdgeTruth[]>): EdgeTruth[] {
  const sums = new Map<string, EdgeTruth>();
  for (const edge of [...reports].flat()) {
    const key = `${edge.from} ${edge.to} ${edge.protocol} ${edge.port} ${edge.countedBy}`;
    const sum = sums.get(key);
    if (!sum) {
      sums.set(key, { ...edge, statuses: { ...edge.statuses } });
      continue;
    }
    sum.sent += edge.sent;
    sum.answered += edge.answered;
    sum.unanswered += edge.unanswered;
    sum.connections += edge.connections;
    for (const [status, count] of Object.entries(edge.statuses))
      sum.statuses[status] = (sum.statuses[status] ?? 0) + count;
  }
  return [...sums.values()];
}
