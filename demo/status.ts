// demoStatus: what runs, since when, and how much each workload has asked and answered. Needs no root.
import { findLeftovers } from './down.ts';
import { type DemoState, defaultDirectory, isAlive, type PodState, readState, readTruth, type Truth } from './state.ts';
import type { WorkloadKey } from './topology.ts';

export interface PodStatus extends Omit<PodState, 'phase'> {
  readonly phase: PodState['phase'] | 'ended';
  readonly uptimeSeconds: number;
  /** Of the whole workload: a service address does not tell its replicas apart. */
  readonly asked: number;
  readonly answered: number;
}

export type DemoStatus =
  | { readonly running: false; readonly leftovers: readonly string[] }
  | {
      readonly running: boolean;
      readonly state: DemoState;
      readonly pods: readonly PodStatus[];
      readonly truth: Truth | null;
    };

/** `running` is false when the supervisor has ended, whatever it left behind. */
export function demoStatus({ directory = defaultDirectory }: { readonly directory?: string } = {}): DemoStatus {
  const state = readState(directory);
  if (!state) return { running: false, leftovers: findLeftovers() };
  const truth = readTruth(directory);
  const uptimeSeconds = Math.max(0, (Date.now() - Date.parse(state.startedAt)) / 1000);
  const pods = state.pods.map((pod): PodStatus => {
    const ended = pod.phase === 'ready' && !isAlive(pod.process);
    const alive = pod.phase === 'ready' && !ended;
    return {
      ...pod,
      phase: ended ? 'ended' : pod.phase,
      uptimeSeconds: alive ? uptimeSeconds : 0,
      ...countsOf(pod.workload, truth),
    };
  });
  return { running: isAlive(state.supervisor), state, pods, truth };
}

function countsOf(workload: WorkloadKey, truth: Truth | null): { asked: number; answered: number } {
  const edges = truth?.edges ?? [];
  const asked = edges.filter((edge) => edge.from === workload).reduce((sum, edge) => sum + edge.sent, 0);
  const answered = edges.filter((edge) => edge.to === workload).reduce((sum, edge) => sum + edge.answered, 0);
  return { asked, answered };
}
