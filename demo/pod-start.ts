// Brings pods up, each until it answers, fails or has to be left out, in an order that gives early traffic.
import type { ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { edges, gatewayWithoutNginx } from './cluster.ts';
import type { Machine } from './machine.ts';
import { type PodPlan, podsOf, serviceName } from './plan.ts';
import type { FromPod, PodConfiguration, ToPod } from './pod/messages.ts';
import { keepOutput, spawnNodePod, startProgramPod } from './pod-process.ts';
import { findProgram, missingProgram, prepareProgram, serviceAddresses } from './programs.ts';
import { type EdgeTruth, type PodState, processId } from './state.ts';
import type { Program } from './topology.ts';

/** After this a pod that has neither ended nor said that it is ready has failed: 30 times what the slowest takes. */
const podDeadlineMs = 60_000;

export interface RunningPod {
  readonly plan: PodPlan;
  readonly state: PodState;
  child: ChildProcess | null;
  /** The pod's own counts as it last told them. */
  truth: readonly EdgeTruth[];
}

export interface StartContext extends Machine {
  readonly directory: string;
  readonly hasDns: boolean;
  readonly onMessage: (pod: RunningPod, message: FromPod) => void;
}

/**
 * Small programs all at once; Node pods few at a time in the order of cluster.ts, since all at once would all be late,
 * and the first alone, since it compiles for the others; what has to be made first (PostgreSQL's tables) last.
 */
export async function startInOrder(
  pods: readonly RunningPod[],
  start: (pod: RunningPod) => Promise<void>,
): Promise<void> {
  const kindOf = (pod: RunningPod) => programOf(pod.plan).kind;
  const programs = pods.filter((pod) => kindOf(pod) !== 'node' && kindOf(pod) !== 'postgres').map(start);
  const [first, ...queue] = [
    ...pods.filter((pod) => kindOf(pod) === 'node'),
    ...pods.filter((pod) => kindOf(pod) === 'postgres'),
  ];
  if (first) await start(first);
  const worker = async () => {
    for (let pod = queue.shift(); pod; pod = queue.shift()) await start(pod);
  };
  await Promise.all([...programs, ...Array.from({ length: availableParallelism() + 1 }, worker)]);
}

/** Null when the pod is ready; a sentence when it has to be left out. Rejects, the process killed, when it fails. */
export async function startPod(
  pod: RunningPod,
  pods: readonly RunningPod[],
  context: StartContext,
): Promise<string | null> {
  const program = programOf(pod.plan);
  if (program.kind !== 'node' && !findProgram(program.kind)) return missingProgram(program.kind);
  try {
    await withDeadline(program.kind === 'node' ? startNode(pod, pods, context) : startProgram(pod, pods, context));
    return null;
  } catch (error) {
    pod.child?.kill('SIGKILL');
    throw error;
  }
}

export function send(child: ChildProcess, message: ToPod): void {
  child.send(message);
}

/** What really runs in a pod here: without nginx the gateway is a Node pod. */
function programOf({ workload: { program } }: PodPlan): Program {
  return program.kind === 'nginx' && !findProgram('nginx') ? gatewayWithoutNginx : program;
}

function adopt(pod: RunningPod, child: ChildProcess): void {
  pod.child = child;
  pod.state.process = child.pid === undefined ? null : processId(child.pid);
}

async function startProgram(pod: RunningPod, pods: readonly RunningPod[], context: StartContext): Promise<void> {
  const { kind } = programOf(pod.plan);
  const path = kind === 'node' ? null : findProgram(kind);
  if (kind === 'node' || !path) throw new Error(`${pod.plan.name} is no program of this machine`);
  const start = prepareProgram(kind, {
    path,
    pod: pod.plan,
    pods: pods.map((other) => other.plan),
    hasClusterIps: context.hasClusterIps,
    folder: join(context.directory, pod.plan.app),
    certificate: context.certificate,
  });
  await startProgramPod(pod.plan, context.cgroups, start, (child) => adopt(pod, child));
}

function startNode(pod: RunningPod, pods: readonly RunningPod[], context: StartContext): Promise<void> {
  const child = spawnNodePod(pod.plan, context.cgroups, join(context.directory, 'code-cache'));
  adopt(pod, child);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const output = keepOutput(child);
  child.once('error', reject);
  child.once('exit', (code, signal) => reject(new Error(`ended with ${code ?? signal}: ${output().trim()}`)));
  child.on('message', (message: FromPod) => {
    if (message.type === 'listening') resolve();
    else if (message.type === 'failed') reject(new Error(message.reason));
    else context.onMessage(pod, message);
  });
  send(child, { type: 'configure', configuration: podConfiguration(pod.plan, pods, context) });
  return promise;
}

function podConfiguration(plan: PodPlan, pods: readonly RunningPod[], context: StartContext): PodConfiguration {
  const plans = pods.map((pod) => pod.plan);
  const addressesOf = (key: PodPlan['workload']['key']) => serviceAddresses(plans, key, context.hasClusterIps);
  const keys = [...new Set(plans.map((other) => other.workload.key))];
  const [nameserver = null] = addressesOf('kube-system/coredns');
  const program = programOf(plan);
  return {
    workload: plan.workload.key,
    servers: program.kind === 'node' ? program.servers : [],
    clients: [...new Set(edges.filter((edge) => edge.from === plan.workload.key).map((edge) => edge.protocol))],
    certificate: context.certificate,
    // The internet does not ask the cluster's DNS.
    nameserver: context.hasDns && plan.workload.kind !== 'External' ? nameserver : null,
    addresses: Object.fromEntries(keys.map((key) => [serviceName(key), addressesOf(key)])),
    countedSources: Object.fromEntries(
      podsOf(plans, 'ingress/gateway').map((gateway) => [gateway.ipv4, gateway.workload.key]),
    ),
    seed: Number.parseInt(plan.uid.slice(0, 8), 16),
  };
}

function withDeadline<T>(work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`not ready after ${podDeadlineMs / 1000} s`)), podDeadlineMs);
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}
