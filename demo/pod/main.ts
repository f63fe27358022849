// A Node pod: one process in its own network namespace and cgroup, told over IPC what to serve and whom to ask.
// It ends when its supervisor does.
import { flushCompileCache } from 'node:module';
import { isIPv4 } from 'node:net';
import type { Edge, WorkloadKey } from '../topology.ts';
import { seededChance } from './chance.ts';
import { loadClient } from './clients.ts';
import { PodCounts } from './counts.ts';
import { EdgeTraffic } from './edge-traffic.ts';
import type { FromPod, PodConfiguration, ToPod } from './messages.ts';
import { startServer } from './servers.ts';

const countsEveryMs = 1000;
/** The first answers are told at once, so that whoever waits for traffic need not wait for the clock. */
const answersToldAtOnce = 3;
let answersTold = 0;
const counts = new PodCounts(() => {
  if (answersTold++ < answersToldAtOnce) tell({ type: 'counts', edges: counts.all() });
});
const traffic = new Map<string, EdgeTraffic>();
let configuration: PodConfiguration | null = null;

process.on('disconnect', () => process.exit(0));
process.on('message', (message: ToPod) => {
  receive(message).catch((error: unknown) => tell({ type: 'failed', reason: String(error) }));
});

function tell(message: FromPod): void {
  if (process.connected) process.send?.(message);
}

async function receive(message: ToPod): Promise<void> {
  switch (message.type) {
    case 'configure':
      return configure(message.configuration);
    case 'startEdge':
      return trafficOf(message.edge).start(message.rate);
    case 'burst': {
      const outcome = await trafficOf(message.edge).burst(message.requests);
      tell({ type: 'counts', edges: counts.all() });
      tell({ type: 'burstDone', id: message.id, outcome });
      return;
    }
  }
}

async function configure(given: PodConfiguration): Promise<void> {
  configuration = given;
  process.title = given.workload.slice(given.workload.indexOf('/') + 1);
  await Promise.all(given.clients.map(loadClient));
  const chance = seededChance(given.seed);
  await Promise.all(
    given.servers.map((server) =>
      startServer(server, given, chance, (sourceIp, { protocol, port }, status) => {
        const source: WorkloadKey | undefined = isIPv4(sourceIp) ? given.countedSources[sourceIp] : undefined;
        if (source === undefined) return;
        const edge = counts.edge(source, given.workload, protocol, port, 'destination');
        edge.sent();
        edge.answered(String(status));
      }),
    ),
  );
  // The pods started after this one find its compiled code.
  flushCompileCache();
  tell({ type: 'listening' });
  setInterval(() => tell({ type: 'counts', edges: counts.all() }), countsEveryMs);
}

function trafficOf(edge: Edge): EdgeTraffic {
  if (!configuration) throw new Error('the supervisor asked for traffic before it configured this pod');
  const key = `${edge.to} ${edge.protocol} ${edge.port}`;
  let known = traffic.get(key);
  if (!known) {
    known = new EdgeTraffic(edge, configuration, counts, seededChance(configuration.seed + traffic.size + 1));
    traffic.set(key, known);
  }
  return known;
}
