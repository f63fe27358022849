// demoDown: removes every trace of the demo, whoever of it still lives. It trusts names and cgroups, not memory, so it
// also cleans up after a killed supervisor.
import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { cgroupRoot, isCgroupPopulated, killCgroup, removeCgroups } from './cgroup.ts';
import { forgetBridge } from './host-firewall.ts';
import { bridgeName, interfacePrefix, netnsPrefix } from './plan.ts';
import { requireRoot } from './root.ts';
import { bridgeTable } from './service-vip.ts';
import { type DemoState, defaultDirectory, files, isAlive, type ProcessId, readState } from './state.ts';
import { runTool } from './tool.ts';

const processesGoneMs = 5000;

export interface DemoDown {
  /** What was removed, each by its name; empty when there was no demo. */
  readonly removed: readonly string[];
}

/** Rejects when something resists; what remains is named, and a second call tries again. */
export async function demoDown({
  directory = defaultDirectory,
}: {
  readonly directory?: string;
} = {}): Promise<DemoDown> {
  requireRoot('down');
  const found = findLeftovers();
  await endProcesses(directory);
  await removeLinks();
  for (const netns of demoNamespaces()) await runTool('ip', ['netns', 'del', netns]);
  await removeTable();
  await forgetBridge();
  removeResolvers();
  removeCgroups();
  const hadDirectory = removeDirectory(directory);
  const left = findLeftovers();
  if (left.length > 0) throw new Error(`the demo is down but for: ${left.join(', ')}`);
  return { removed: [...found, ...(hadDirectory ? [directory] : [])] };
}

/** Interfaces, namespaces and cgroups that carry the demo's names. */
export function findLeftovers(): string[] {
  const root = cgroupRoot();
  return [...demoInterfaces(), ...demoNamespaces(), ...demoResolvers(), ...(root && existsSync(root) ? [root] : [])];
}

async function endProcesses(directory: string): Promise<void> {
  const state = stateIfReadable(directory);
  const known = [state?.supervisor ?? null, ...(state?.pods ?? []).map((pod) => pod.process)];
  const alive = known.filter((id): id is ProcessId => isAlive(id));
  for (const { pid } of alive) kill(pid);
  const hadCgroup = killCgroup();
  // Without cgroups only the namespace tells whose a worker process is.
  if (!hadCgroup) for (const netns of demoNamespaces()) for (const pid of await namespacePids(netns)) kill(pid);
  const deadline = performance.now() + processesGoneMs;
  while (alive.some(isAlive) || isCgroupPopulated()) {
    if (performance.now() > deadline)
      throw new Error(`the demo's processes do not end: ${alive.filter(isAlive).map((id) => id.pid)}`);
    await pause(10);
  }
}

/** A damaged state shall not keep anybody from cleaning up: the cgroup still tells what is ours. */
function stateIfReadable(directory: string): DemoState | null {
  try {
    return readState(directory);
  } catch {
    return null;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

async function namespacePids(netns: string): Promise<number[]> {
  const output = await runTool('ip', ['netns', 'pids', netns]);
  return output.split('\n').filter(Boolean).map(Number);
}

/** Links first: a namespace that somebody still holds would keep its pair alive. */
async function removeLinks(): Promise<void> {
  const names = demoInterfaces();
  if (names.length > 0) await runTool('ip', ['-batch', '-'], { input: names.map((name) => `link del ${name}`) });
}

async function removeTable(): Promise<void> {
  const tables = await runTool('nft', ['list', 'tables', 'bridge']);
  if (tables.split('\n').includes(`table bridge ${bridgeTable}`))
    await runTool('nft', ['delete', 'table', 'bridge', bridgeTable]);
}

function demoInterfaces(): string[] {
  return list('/sys/class/net').filter((name) => name === bridgeName || name.startsWith(interfacePrefix));
}

function demoNamespaces(): string[] {
  return list('/run/netns').filter((name) => name.startsWith(netnsPrefix));
}

function demoResolvers(): string[] {
  const names = list('/etc/netns').filter((name) => name.startsWith(netnsPrefix));
  return names.map((name) => join('/etc/netns', name));
}

function removeResolvers(): void {
  for (const path of demoResolvers()) rmSync(path, { recursive: true });
  try {
    rmdirSync('/etc/netns');
  } catch {
    // Others keep names there, or it is a mount of this machine, or it never was: not the demo's to remove.
  }
}

/** Only a directory that is a demo's, or empty. */
function removeDirectory(directory: string): boolean {
  if (!existsSync(directory)) return false;
  const isDemos = existsSync(files.state(directory)) || list(directory).every((name) => name === 'supervisor.log');
  if (!isDemos) return false;
  rmSync(directory, { recursive: true });
  return true;
}

function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
