// The process behind `demo up`: prepares the machine, starts the pods, hands out traffic, writes state.json and
// truth.json, and stays. Killed, its Node pods end with it; what it made on the machine is demoDown's to remove.
import { statSync, truncateSync } from 'node:fs';
import { serveControl } from './control.ts';
import { loadPolicies } from './enforcer/network-policy.ts';
import { prepareMachine } from './machine.ts';
import { kubernetesObjects } from './objects.ts';
import { type PodPlan, planPods } from './plan.ts';
import { sumTruth } from './pod/counts.ts';
import type { FromPod } from './pod/messages.ts';
import { type RunningPod, startInOrder, startPod } from './pod-start.ts';
import { findProgram } from './programs.ts';
import { type DemoState, files, type PodPhase, type PodState, processId, type Truth, writeJson } from './state.ts';
import type { SupervisorMessage, SupervisorOptions } from './supervisor-messages.ts';
import { Bursts, startEdges } from './traffic.ts';

const truthEveryMs = 1000;
/** How long `up` waits for the first answer once every pod has settled. */
const firstTrafficDeadlineMs = 5000;
/** The gateway writes some 20 MB an hour, into memory. */
const maxLogBytes = 16 * 1024 * 1024;
const logLookEveryMs = 10_000;

const startedMs = performance.now();
process.title = 'parallax-demo';

process.once('message', (options: SupervisorOptions) => {
  supervise(options).catch((error: unknown) => {
    tell({ type: 'failed', reason: error instanceof Error ? error.message : String(error) });
    process.disconnect();
    process.exitCode = 1;
  });
});
process.on('SIGTERM', () => process.exit(0));

function tell(message: SupervisorMessage): void {
  if (process.connected) process.send?.(message);
}

function progress(text: string): void {
  tell({ type: 'progress', text });
}

function elapsedMs(): number {
  return Math.round(performance.now() - startedMs);
}

async function supervise(options: SupervisorOptions): Promise<void> {
  const { directory, nodeName } = options;
  const plans = planPods();
  const state = initialState(options, plans);
  const pods = plans.map((plan, n) => runningPod(plan, state.pods[n]));
  const saveState = () => writeJson(files.state(directory), state);
  saveState();

  const policies = loadPolicies();
  const machine = await prepareMachine(plans, policies, directory, progress);
  state.hasCgroups = machine.cgroups !== null;
  state.hasClusterIps = machine.hasClusterIps;
  const { hasClusterIps } = machine;
  const objects = kubernetesObjects(plans, policies, { nodeName, createdAt: new Date(), hasClusterIps });
  writeJson(files.objects(directory), objects);
  const networkMs = elapsedMs();
  progress(`network up: ${plans.length} pods after ${networkMs} ms`);

  const bursts = new Bursts();
  const writeTruth = () => {
    const truth: Truth = { writtenAt: new Date().toISOString(), edges: sumTruth(pods.map((pod) => pod.truth)) };
    writeJson(files.truth(directory), truth);
  };
  writeTruth();
  setInterval(writeTruth, truthEveryMs);
  setInterval(() => boundLog(files.gatewayLog(directory)), logLookEveryMs);
  serveControl(files.control(directory), async (request) => {
    const outcome = await bursts.run(request, pods);
    writeTruth();
    return outcome;
  });

  const firstTraffic = Promise.withResolvers<number | null>();
  void firstTraffic.promise.then((ms) => ms !== null && progress(`first traffic after ${ms} ms`));
  const onMessage = (pod: RunningPod, message: FromPod) => {
    if (message.type === 'burstDone') bursts.finish(message.id, message.outcome);
    if (message.type !== 'counts') return;
    pod.truth = message.edges;
    if (pod.truth.some((edge) => edge.protocol !== 'dns' && edge.answered > 0)) firstTraffic.resolve(elapsedMs());
  };
  const context = { ...machine, directory, hasDns: findProgram('dnsmasq') !== null, onMessage };
  const settle = (pod: RunningPod, phase: PodPhase, reason: string | null) => {
    pod.state.phase = phase;
    pod.state.reason = reason;
    saveState();
    if (phase !== 'ready') progress(`${pod.plan.workload.key} ${phase}: ${reason}`);
    else if (options.traffic === 'on') startEdges(pod, pods, context.hasDns, options.rate);
  };
  await startInOrder(pods, async (pod) => {
    try {
      const reason = await startPod(pod, pods, context);
      settle(pod, reason === null ? 'ready' : 'left out', reason);
      pod.child?.once('exit', (code, signal) => settle(pod, 'failed', `ended with ${code ?? signal}`));
    } catch (error) {
      settle(pod, 'failed', error instanceof Error ? error.message : String(error));
    }
  });
  const readyMs = elapsedMs();
  setTimeout(() => firstTraffic.resolve(null), options.traffic === 'on' ? firstTrafficDeadlineMs : 0);
  tell({ type: 'up', networkMs, firstTrafficMs: await firstTraffic.promise, readyMs, state });
}

/** nginx appends, so it goes on at the beginning of a file that was emptied. */
function boundLog(path: string): void {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > maxLogBytes) truncateSync(path);
}

function initialState(options: SupervisorOptions, plans: readonly PodPlan[]): DemoState {
  const supervisor = processId(process.pid);
  if (!supervisor) throw new Error('/proc is not mounted: processes cannot be told apart');
  const pods = plans.map((plan): PodState => {
    const { workload, name, netns, hostInterface, ipv4, ipv6 } = plan;
    const place = { workload: workload.key, pod: name, netns, hostInterface, ipv4, ipv6 };
    return { ...place, phase: 'starting', reason: null, process: null };
  });
  const startedAt = new Date().toISOString();
  return { ...options, startedAt, supervisor, hasClusterIps: false, hasCgroups: false, pods };
}

function runningPod(plan: PodPlan, state: PodState | undefined): RunningPod {
  if (!state) throw new Error(`no state was made for ${plan.name}`);
  return { plan, state, child: null, truth: [] };
}
