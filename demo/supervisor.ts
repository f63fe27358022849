// The process behind `demo up`: makes the network, starts the pods, hands out traffic, writes state.json and truth.json,
// and stays. Killed, its pods end with it; what it made on the machine is demoDown's to remove.
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { makeCertificate } from './certificate.ts';
import { cgroupRoot, enterSupervisorCgroup, makeCgroups } from './cgroup.ts';
import { edges } from './cluster.ts';
import { type BurstRequest, serveControl } from './control.ts';
import { compilePod, policyPod, policyPods } from './enforcer/compile.ts';
import { loadPolicies } from './enforcer/network-policy.ts';
import { buildNetwork } from './network.ts';
import { kubernetesObjects } from './objects.ts';
import { type PodPlan, planPods, podsOf, serviceName } from './plan.ts';
import { sumTruth } from './pod/counts.ts';
import type { BurstOutcome, FromPod, PodConfiguration, ToPod } from './pod/messages.ts';
import { keepOutput, spawnNodePod, startProgramPod } from './pod-process.ts';
import { findProgram, missingProgram, prepareProgram, serviceAddresses } from './programs.ts';
import { compileServiceVips } from './service-vip.ts';
import {
  type DemoState,
  type EdgeTruth,
  files,
  type PodPhase,
  type PodState,
  processId,
  type Truth,
  writeJson,
} from './state.ts';
import type { SupervisorMessage, SupervisorOptions } from './supervisor-messages.ts';
import { runTool } from './tool.ts';
import type { Edge } from './topology.ts';

const truthEveryMs = 1000;
/** After this a pod that has not said it is ready has failed. PostgreSQL's initdb takes about 2 s on a busy core. */
const podDeadlineMs = 20_000;

interface RunningPod {
  readonly plan: PodPlan;
  readonly state: PodState;
  child: ChildProcess | null;
  truth: readonly EdgeTruth[];
}

const startedMs = performance.now();
const waitingBursts = new Map<number, (outcome: BurstOutcome) => void>();
let bursts = 0;

process.once('message', (options: SupervisorOptions) => {
  supervise(options).catch((error: unknown) => {
    tell({ type: 'failed', reason: error instanceof Error ? error.message : String(error) });
    process.exitCode = 1;
    process.disconnect();
    setImmediate(() => process.exit(1));
  });
});
process.on('SIGTERM', () => process.exit(0));

function tell(message: SupervisorMessage): void {
  if (process.connected) process.send?.(message);
}

function elapsedMs(): number {
  return Math.round(performance.now() - startedMs);
}

async function supervise(options: SupervisorOptions): Promise<void> {
  const { directory } = options;
  const plans = planPods();
  const state = initialState(options, plans);
  const pods = plans.map((plan, n) => runningPod(plan, state.pods[n]));
  const saveState = () => writeJson(files.state(directory), state);
  saveState();

  const cgroups = makeCgroups(plans);
  if (cgroups) enterSupervisorCgroup(cgroups, process.pid);
  else tell({ type: 'progress', text: `no cgroup a pod: ${cgroupRoot() ?? 'cgroup v2'} cannot be written` });
  state.hasCgroups = cgroups !== null;

  const policies = loadPolicies();
  const [certificate] = await Promise.all([
    makeCertificate(directory),
    writeResolvers(plans).then(() => buildNetwork(plans)),
  ]);
  state.hasClusterIps = await teachServiceVips(plans);
  if (!state.hasClusterIps) await writeResolvers(plans, podsOf(plans, 'kube-system/coredns')[0]?.ipv4);
  await Promise.all(
    plans.map(async (plan) => {
      const rules = plan.workload.kind === 'External' ? null : compilePod(policyPod(plan), policies, policyPods(plans));
      if (rules) await runTool('ip', ['netns', 'exec', plan.netns, 'nft', '-f', '-'], { input: [rules] });
    }),
  );
  const createdAt = new Date();
  const objects = kubernetesObjects(plans, policies, {
    nodeName: options.nodeName,
    createdAt,
    hasClusterIps: state.hasClusterIps,
  });
  writeJson(files.objects(directory), objects);
  const networkMs = elapsedMs();
  tell({ type: 'progress', text: `network up: ${plans.length} pods after ${networkMs} ms` });

  serveControl(files.control(directory), (request) => burst(request, pods));
  writeTruthAlways(directory, pods);
  const hasDns = findProgram('dnsmasq') !== null;
  let firstTrafficMs: number | null = null;
  const onCounts = () => {
    if (
      firstTrafficMs !== null ||
      !pods.some((pod) => pod.truth.some((edge) => edge.protocol !== 'dns' && edge.answered > 0))
    )
      return;
    firstTrafficMs = elapsedMs();
    tell({ type: 'progress', text: `first traffic after ${firstTrafficMs} ms` });
  };
  const settle = (pod: RunningPod, phase: PodPhase, reason: string | null) => {
    pod.state.phase = phase;
    pod.state.reason = reason;
    saveState();
    if (phase !== 'ready') tell({ type: 'progress', text: `${pod.plan.workload.key} ${phase}: ${reason}` });
    if (phase === 'ready' && options.traffic === 'on') startEdges(pod, pods, hasDns, options.rate);
  };
  const start = async (pod: RunningPod) => {
    try {
      const reason = await withDeadline(
        startPod(pod, pods, { cgroups, certificate, directory, hasDns, state, onCounts, saveState }),
      );
      settle(pod, reason === null ? 'ready' : 'left out', reason);
      pod.child?.once('exit', (code, signal) => settle(pod, 'failed', `ended with ${code ?? signal}`));
    } catch (error) {
      settle(pod, 'failed', error instanceof Error ? error.message : String(error));
    }
  };
  await startInOrder(pods, start);
  tell({ type: 'up', networkMs, firstTrafficMs, readyMs: elapsedMs(), state });
}

function initialState(options: SupervisorOptions, plans: readonly PodPlan[]): DemoState {
  const supervisor = processId(process.pid);
  if (!supervisor) throw new Error('/proc is not mounted: processes cannot be told apart');
  return {
    ...options,
    startedAt: new Date().toISOString(),
    supervisor,
    hasClusterIps: false,
    hasCgroups: false,
    pods: plans.map(({ workload, name, netns, hostInterface, ipv4, ipv6 }) => ({
      ...{ workload: workload.key, pod: name, netns, hostInterface, ipv4, ipv6 },
      ...{ phase: 'starting', reason: null, process: null },
    })),
  };
}

function runningPod(plan: PodPlan, state: PodState | undefined): RunningPod {
  if (!state) throw new Error(`no state was made for ${plan.name}`);
  return { plan, state, child: null, truth: [] };
}

async function teachServiceVips(plans: readonly PodPlan[]): Promise<boolean> {
  try {
    await runTool('nft', ['-f', '-'], { input: [compileServiceVips(plans)] });
    return true;
  } catch (error) {
    tell({ type: 'progress', text: `services have no clusterIP, names lead to pods: ${String(error)}` });
    return false;
  }
}

/** What `ip netns exec` shows as /etc/resolv.conf in each pod. */
async function writeResolvers(plans: readonly PodPlan[], nameserver = '10.96.0.10'): Promise<void> {
  for (const { netns, namespace } of plans) {
    const search = [`${namespace}.svc.cluster.local`, 'svc.cluster.local', 'cluster.local'].join(' ');
    mkdirSync(`/etc/netns/${netns}`, { recursive: true });
    writeFileSync(`/etc/netns/${netns}/resolv.conf`, `nameserver ${nameserver}\nsearch ${search}\noptions ndots:5\n`);
  }
}

interface StartContext {
  readonly cgroups: string | null;
  readonly certificate: PodConfiguration['certificate'];
  readonly directory: string;
  readonly hasDns: boolean;
  readonly state: DemoState;
  readonly onCounts: () => void;
  readonly saveState: () => void;
}

/** Null when the pod is ready; a sentence when it has to be left out. Rejects when it fails. */
async function startPod(pod: RunningPod, pods: readonly RunningPod[], context: StartContext): Promise<string | null> {
  const { plan } = pod;
  const { program } = plan.workload;
  const adopt = (child: ChildProcess) => {
    pod.child = child;
    pod.state.process = child.pid === undefined ? null : processId(child.pid);
  };
  if (program.kind === 'node') {
    const child = spawnNodePod(plan, context.cgroups, join(context.directory, 'code-cache'));
    adopt(child);
    return untilListening(pod, child, podConfiguration(plan, pods, context), context.onCounts);
  }
  const path = findProgram(program.kind);
  if (!path) return missingProgram(program.kind);
  const start = prepareProgram(program.kind, {
    ...{ path, pod: plan, pods: pods.map((other) => other.plan), hasClusterIps: context.state.hasClusterIps },
    ...{ folder: join(context.directory, plan.app), certificate: context.certificate },
  });
  await startProgramPod(plan, context.cgroups, start, adopt);
  return null;
}

function podConfiguration(plan: PodPlan, pods: readonly RunningPod[], context: StartContext): PodConfiguration {
  const plans = pods.map((pod) => pod.plan);
  const { hasClusterIps } = context.state;
  const keys = [...new Set(plans.map((other) => other.workload.key))];
  const [nameserver = null] = serviceAddresses(plans, 'kube-system/coredns', hasClusterIps);
  const outside = plan.workload.kind === 'External';
  return {
    workload: plan.workload.key,
    servers: plan.workload.program.kind === 'node' ? plan.workload.program.servers : [],
    certificate: context.certificate,
    nameserver: context.hasDns && !outside ? nameserver : null,
    addresses: Object.fromEntries(keys.map((key) => [serviceName(key), serviceAddresses(plans, key, hasClusterIps)])),
    countedSources: Object.fromEntries(
      podsOf(plans, 'ingress/gateway').map((gateway) => [gateway.ipv4, gateway.workload.key]),
    ),
    seed: Number.parseInt(plan.uid.slice(0, 8), 16),
  };
}

function untilListening(
  pod: RunningPod,
  child: ChildProcess,
  configuration: PodConfiguration,
  onCounts: () => void,
): Promise<null> {
  const { promise, resolve, reject } = Promise.withResolvers<null>();
  const output = keepOutput(child);
  child.once('error', reject);
  child.once('exit', (code, signal) => reject(new Error(`ended with ${code ?? signal}: ${output().trim()}`)));
  child.on('message', (message: FromPod) => {
    if (message.type === 'listening') resolve(null);
    else if (message.type === 'failed') reject(new Error(message.reason));
    else if (message.type === 'burstDone') finishBurst(message.id, message.outcome);
    else {
      pod.truth = message.edges;
      onCounts();
    }
  });
  send(child, { type: 'configure', configuration });
  return promise;
}

function send(child: ChildProcess, message: ToPod): void {
  child.send(message);
}

/** Starts the edges that `pod` was the last missing end of, each replica with its share of the rate. */
function startEdges(pod: RunningPod, pods: readonly RunningPod[], hasDns: boolean, rate: number): void {
  const isReady = (key: string) =>
    pods.filter((other) => other.state.workload === key).every((other) => other.state.phase === 'ready');
  const dnsReady = !hasDns || isReady('kube-system/coredns');
  const key = pod.state.workload;
  const completes = (edge: Edge) => edge.from === key || edge.to === key || key === 'kube-system/coredns';
  for (const edge of edges.filter(completes)) {
    const needsDns = !edge.from.startsWith('internet/');
    if (!isReady(edge.from) || !isReady(edge.to) || (needsDns && !dnsReady)) continue;
    const sources = pods.filter((other) => other.state.workload === edge.from);
    for (const { child } of sources) {
      if (child) send(child, { type: 'startEdge', edge, rate: (edge.perSecond * rate) / sources.length });
    }
  }
}

async function burst(request: BurstRequest, pods: readonly RunningPod[]): Promise<BurstOutcome> {
  const { from, to, protocol } = request;
  const edge = edges.find(
    (other) => other.from === from && other.to === to && (!protocol || other.protocol === protocol),
  );
  if (!edge) throw new Error(`burst: the demo has no edge ${from} -> ${to}${protocol ? ` by ${protocol}` : ''}`);
  const source = pods.find((pod) => pod.state.workload === from);
  if (!source?.child || source.state.phase !== 'ready')
    throw new Error(`burst: ${from} is ${source?.state.phase ?? 'unknown'}`);
  const id = ++bursts;
  const { promise, resolve, reject } = Promise.withResolvers<BurstOutcome>();
  waitingBursts.set(id, resolve);
  const onExit = () => reject(new Error(`burst: ${from} ended before it was done`));
  source.child.once('exit', onExit);
  send(source.child, { type: 'burst', id, edge, requests: request.requests });
  try {
    return await promise;
  } finally {
    source.child.off('exit', onExit);
    waitingBursts.delete(id);
  }
}

function finishBurst(id: number, outcome: BurstOutcome): void {
  waitingBursts.get(id)?.(outcome);
}

function writeTruthAlways(directory: string, pods: readonly RunningPod[]): void {
  const write = () => {
    const truth: Truth = { writtenAt: new Date().toISOString(), edges: sumTruth(pods.map((pod) => pod.truth)) };
    writeJson(files.truth(directory), truth);
  };
  write();
  setInterval(write, truthEveryMs);
}

/**
 * Small programs all at once; Node pods few at a time in the order of cluster.ts, since all at once would all be late,
 * and the first alone, since it compiles for the others; what has to be made first (PostgreSQL's tables) last.
 */
async function startInOrder(pods: readonly RunningPod[], start: (pod: RunningPod) => Promise<void>): Promise<void> {
  const kindOf = (pod: RunningPod) => pod.plan.workload.program.kind;
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

function withDeadline<T>(work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`not ready after ${podDeadlineMs / 1000} s`)), podDeadlineMs);
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}
