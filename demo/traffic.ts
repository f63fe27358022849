// Hands traffic out to the pods: each edge when both its ends are ready, and bursts when somebody asks.
import { edges } from './cluster.ts';
import type { BurstRequest } from './control.ts';
import type { BurstOutcome } from './pod/messages.ts';
import { type RunningPod, send } from './pod-start.ts';
import type { Edge } from './topology.ts';

/** Starts the edges that `pod` was the last missing end of; each replica asks its share of `rate`. */
export function startEdges(pod: RunningPod, pods: readonly RunningPod[], hasDns: boolean, rate: number): void {
  const replicas = (key: string) => pods.filter((other) => other.state.workload === key);
  const isReady = (key: string) => replicas(key).every((other) => other.state.phase === 'ready');
  const key = pod.state.workload;
  const isDns = key === 'kube-system/coredns';
  const dnsReady = !hasDns || isReady('kube-system/coredns');
  const needsDns = (edge: Edge) => !edge.from.startsWith('internet/');
  for (const edge of edges) {
    const completed = edge.from === key || edge.to === key || (isDns && needsDns(edge));
    if (!completed || !isReady(edge.from) || !isReady(edge.to) || (needsDns(edge) && !dnsReady)) continue;
    const sources = replicas(edge.from);
    for (const { child } of sources) {
      if (child) send(child, { type: 'startEdge', edge, rate: (edge.perSecond * rate) / sources.length });
    }
  }
}

/** Bursts under way, by the number their pod answers to. */
export class Bursts {
  readonly #waiting = new Map<number, (outcome: BurstOutcome) => void>();
  #count = 0;

  /** Rejects in words when the demo has no such edge, or the source is not there or ends. */
  async run({ from, to, protocol, requests }: BurstRequest, pods: readonly RunningPod[]): Promise<BurstOutcome> {
    const edge = edges.find(
      (other) => other.from === from && other.to === to && (!protocol || other.protocol === protocol),
    );
    if (!edge) throw new Error(`burst: the demo has no edge ${from} -> ${to}${protocol ? ` by ${protocol}` : ''}`);
    const source = pods.find((pod) => pod.state.workload === from);
    const child = source?.state.phase === 'ready' ? source.child : null;
    if (!child) throw new Error(`burst: ${from} is ${source?.state.phase ?? 'not a pod'}`);
    const id = ++this.#count;
    const { promise, resolve, reject } = Promise.withResolvers<BurstOutcome>();
    const onExit = () => reject(new Error(`burst: ${from} ended before it was done`));
    this.#waiting.set(id, resolve);
    child.once('exit', onExit);
    send(child, { type: 'burst', id, edge, requests });
    try {
      return await promise;
    } finally {
      child.off('exit', onExit);
      this.#waiting.delete(id);
    }
  }

  finish(id: number, outcome: BurstOutcome): void {
    this.#waiting.get(id)?.(outcome);
  }
}
