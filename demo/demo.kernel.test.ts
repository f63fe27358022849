// The demo on a real kernel: namespaces, services, traffic, a policy that drops, and no trace afterwards.
// Needs root and the packages of packages.ts; without root it is skipped, with root whatever is missing is a failure.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sendBurst } from './burst.ts';
import { cgroupRoot, livingSupervisor } from './cgroup.ts';
import { edges } from './cluster.ts';
import { demoDown, demoStatus } from './commands.ts';
import { type DemoState, files, isAlive, type ProcessId, processId, readState, readTruth } from './state.ts';
import { type DemoUp, demoUp } from './up.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root, to make network namespaces';
const parent = mkdtempSync(join(tmpdir(), 'px-demo-'));
const directory = join(parent, 'run');
// The database and the cache run as users of their own and must get in.
chmodSync(parent, 0o755);
let up: DemoUp | null = null;

before(async () => {
  if (skip) return;
  assert.equal(livingSupervisor(), null, "a demo is up on this machine: 'parallax demo down' ends it");
  up = await demoUp({ directory, traffic: 'off', nodeName: 'demo-node' });
});

after(async () => {
  if (up) await demoDown({ directory });
  rmSync(parent, { recursive: true });
});

function running(): DemoUp {
  assert.ok(up, 'the demo came up');
  return up;
}

/** Everything on this machine that carries one of the demo's names. */
function traces(): string[] {
  const root = cgroupRoot();
  const list = (folder: string) => (existsSync(folder) ? readdirSync(folder) : []);
  const tables = execFileSync('nft', ['list', 'tables'], { encoding: 'utf8' }).split('\n');
  return [
    ...list('/sys/class/net').filter((name) => /^(px-demo|pxd-)/.test(name)),
    ...list('/run/netns').filter((name) => name.startsWith('px-demo')),
    ...list('/etc/netns').filter((name) => name.startsWith('px-demo')),
    ...tables.filter((table) => table.includes('parallax_demo')),
    ...(root && existsSync(root) ? [root] : []),
    ...(existsSync(directory) ? [directory] : []),
  ];
}

/** All processes of the demo: those in its cgroups, workers and backends included. */
function processes(): ProcessId[] {
  const root = cgroupRoot();
  assert.ok(root, 'cgroup v2 is mounted');
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('cgroup.procs'),
  );
  const pids = names.flatMap((name) => readFileSync(join(root, name), 'utf8').split('\n').filter(Boolean).map(Number));
  return pids.flatMap((pid) => processId(pid) ?? []);
}

function sharedMemory(): string {
  return readFileSync('/proc/sysvipc/shm', 'utf8');
}

function savedState(): DemoState {
  const state = readState(directory);
  assert.ok(state, 'state.json is there');
  return state;
}

test('every pod of the cluster comes up, and silent when traffic is off', { skip }, (t) => {
  const { networkMs, readyMs, firstTrafficMs, state } = running();
  t.diagnostic(`network up after ${networkMs} ms, all pods after ${readyMs} ms`);
  const notReady = state.pods.filter((pod) => pod.phase !== 'ready').map((pod) => `${pod.workload}: ${pod.reason}`);
  assert.deepEqual(notReady, []);
  assert.equal(firstTrafficMs, null);
  assert.deepEqual(readTruth(directory)?.edges, []);
});

test('objects.json holds the pods under the addresses they really have', { skip }, () => {
  const list: { items: { kind: string; metadata: { name: string }; status: { podIP: string } }[] } = JSON.parse(
    readFileSync(running().objectsFile, 'utf8'),
  );
  const pods = list.items.filter((item) => item.kind === 'Pod');
  const inCluster = savedState().pods.filter((pod) => !pod.workload.startsWith('internet/'));
  assert.equal(pods.length, inCluster.length);
  for (const { metadata, status } of pods) {
    const pod = inCluster.find((other) => other.pod === metadata.name);
    assert.ok(pod, `${metadata.name} runs`);
    const addresses = execFileSync('ip', ['-n', pod.netns, '-br', 'addr', 'show', 'eth0'], { encoding: 'utf8' });
    assert.ok(addresses.includes(`${status.podIP}/16`), `${metadata.name}: ${addresses}`);
  }
});

test("each process lives in its pod's cgroup and network namespace", { skip }, () => {
  for (const pod of savedState().pods) {
    assert.ok(pod.process && isAlive(pod.process), `${pod.workload} is alive`);
    const cgroup = readFileSync(`/proc/${pod.process.pid}/cgroup`, 'utf8');
    // The client on the internet is no pod of the cluster, so its cgroup must not look like one.
    const expected = pod.workload.startsWith('internet/')
      ? /^0::\/parallax-demo\/loadgen\.scope$/m
      : /^0::\/parallax-demo\/kubepods-pod[0-9a-f_]+\.slice\/cri-containerd-[0-9a-f]{64}\.scope$/m;
    assert.match(cgroup, expected);
    const inside = execFileSync('ip', ['netns', 'identify', String(pod.process.pid)], { encoding: 'utf8' }).trim();
    assert.equal(inside, pod.netns);
  }
});

test('a burst of exactly 250 requests is answered 250 times over the service address, and no other is sent', {
  skip,
}, async () => {
  const httpSent = () =>
    (readTruth(directory)?.edges ?? []).filter((edge) => edge.protocol !== 'dns').map((edge) => edge.sent);
  const sentBefore = httpSent().reduce((sum, sent) => sum + sent, 0);
  const outcome = await sendBurst({ directory, from: 'shop/web', to: 'shop/catalog', requests: 250 });
  assert.deepEqual(outcome, { sent: 250, answered: 250, unanswered: 0, statuses: { 200: 250 } });
  assert.equal(
    httpSent().reduce((sum, sent) => sum + sent, 0),
    sentBefore + 250,
  );
  const translated = execFileSync('nft', ['list', 'set', 'bridge', 'parallax_demo', 'clients_10_96_0_20_80'], {
    encoding: 'utf8',
  });
  assert.match(translated, /10\.244\.2\.10 \. \d+/, 'the bridge turned 10.96.0.20 into pods');
});

test('every other edge is answered, each in its protocol', { skip }, async () => {
  const dropped = (from: string, to: string) => from === 'platform/scheduler' && to === 'payments/ledger';
  const others = edges.filter(({ from, to }) => !dropped(from, to) && !(from === 'shop/web' && to === 'shop/catalog'));
  for (const { from, to, protocol } of others) {
    const outcome = await sendBurst({ directory, from, to, protocol, requests: 3 });
    assert.equal(outcome.answered, 3, `${from} -> ${to} by ${protocol}: ${JSON.stringify(outcome)}`);
  }
});

test("the scheduler hears nothing from the ledger, because the policy's rule drops it", { skip }, async () => {
  const outcome = await sendBurst({ directory, from: 'platform/scheduler', to: 'payments/ledger', requests: 2 });
  assert.deepEqual(outcome, { sent: 2, answered: 0, unanswered: 2, statuses: {} });
  const rules = execFileSync('ip', ['netns', 'exec', 'px-demo-ledger', 'nft', 'list', 'ruleset'], { encoding: 'utf8' });
  assert.match(rules, /ledger-allow-payments-only/);
});

test('a burst on an edge that is not there is refused in words', { skip }, async () => {
  const asked = sendBurst({ directory, from: 'shop/cart', to: 'payments/ledger', requests: 1 });
  await assert.rejects(asked, /the demo has no edge shop\/cart -> payments\/ledger/);
});

test('a second demo is refused while one is up', { skip }, async () => {
  await assert.rejects(demoUp({ directory: `${directory}-other` }), /the demo is already up \(supervisor \d+\)/);
  assert.equal(demoStatus({ directory }).running, true);
});

test('down leaves no trace, even of a demo whose supervisor was killed and whose state is damaged', {
  skip,
}, async () => {
  const all = processes();
  assert.ok(all.length > 16, `${all.length} processes`);
  process.kill(savedState().supervisor.pid, 'SIGKILL');
  writeFileSync(files.state(directory), 'damaged');
  await demoDown({ directory });
  up = null;
  assert.deepEqual(traces(), []);
  assert.deepEqual(all.filter(isAlive), []);
});

test('with traffic on, traffic is there when up returns; down leaves no trace of that either', { skip }, async (t) => {
  const shmBefore = sharedMemory();
  up = await demoUp({ directory });
  t.diagnostic(
    `network up after ${up.networkMs} ms, first traffic after ${up.firstTrafficMs} ms, all after ${up.readyMs} ms`,
  );
  assert.notEqual(up.firstTrafficMs, null);
  const all = processes();
  await demoDown({ directory });
  up = null;
  assert.deepEqual(traces(), []);
  assert.deepEqual(all.filter(isAlive), []);
  assert.equal(sharedMemory(), shmBefore);
});

test('an up that is aborted half-way takes itself down', { skip }, async () => {
  const abort = new AbortController();
  const onProgress = () => abort.abort(new Error('enough'));
  await assert.rejects(demoUp({ directory, onProgress, signal: abort.signal }), /enough/);
  assert.deepEqual(traces(), []);
});
