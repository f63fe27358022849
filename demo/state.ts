// What is running, as written to state.json by the supervisor and read by status, burst and down.
// Processes are known by pid and start time together: a pid alone may by now be a stranger's.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Protocol, WorkloadKey } from './topology.ts';

export const defaultDirectory = '/run/parallax-demo';

export interface ProcessId {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks since boot. */
  readonly startTicks: number;
}

export type PodPhase = 'starting' | 'ready' | 'failed' | 'left out';

export interface PodState {
  readonly workload: WorkloadKey;
  readonly pod: string;
  readonly netns: string;
  readonly hostInterface: string;
  readonly ipv4: string;
  readonly ipv6: string | null;
  phase: PodPhase;
  /** Why a pod failed or was left out, in words. */
  reason: string | null;
  process: ProcessId | null;
}

export interface DemoState {
  readonly directory: string;
  readonly startedAt: string;
  readonly nodeName: string;
  readonly traffic: 'on' | 'off';
  readonly rate: number;
  readonly supervisor: ProcessId;
  /** Whether service addresses work; else names lead to pod addresses. */
  hasClusterIps: boolean;
  /** Whether each pod has a cgroup of its own. */
  hasCgroups: boolean;
  readonly pods: PodState[];
}

/** What was really sent on one edge, counted at one of its ends. */
export interface EdgeTruth {
  readonly from: WorkloadKey;
  readonly to: WorkloadKey;
  readonly protocol: Protocol;
  readonly port: number;
  /** `destination` for clients that are not ours to count in (nginx). */
  readonly countedBy: 'source' | 'destination';
  sent: number;
  answered: number;
  /** Sent, and nothing came back: refused, timed out, cut off. */
  unanswered: number;
  connections: number;
  /** Answers by `200`, `grpc 14`, `ok`, `error 42P01`, `NXDOMAIN`. */
  statuses: Record<string, number>;
}

export interface Truth {
  readonly writtenAt: string;
  readonly edges: readonly EdgeTruth[];
}

export const files = {
  state: (directory: string) => join(directory, 'state.json'),
  truth: (directory: string) => join(directory, 'truth.json'),
  objects: (directory: string) => join(directory, 'objects.json'),
  control: (directory: string) => join(directory, 'control.sock'),
  /** nginx's, one line of JSON a request; `parallax up` has the relay follow it. */
  gatewayLog: (directory: string) => join(directory, 'gateway', 'access.log'),
  supervisorLog: (directory: string) => join(directory, 'supervisor.log'),
};

/** A reader sees the old text or the new, never half of one. */
export function writeJson(path: string, value: unknown): void {
  const draft = `${path}.new`;
  writeFileSync(draft, `${JSON.stringify(value, null, 1)}\n`);
  renameSync(draft, path);
}

/** Null when there is no demo in the directory. */
export function readState(directory: string): DemoState | null {
  return readJson<DemoState>(files.state(directory));
}

/** Null before the first second has passed. */
export function readTruth(directory: string): Truth | null {
  return readJson<Truth>(files.truth(directory));
}

// The files are this module's own, written whole: their shape needs no second check.
function readJson<T>(path: string): T | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return null;
    throw new Error(`${path} cannot be read: ${String(error)}. Run 'parallax demo down' to start afresh`, {
      cause: error,
    });
  }
}

/** Null when there is no such process. */
export function processId(pid: number): ProcessId | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command in parentheses may hold spaces: count from behind it, where field 3 begins.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z') return null;
    return { pid, startTicks: Number(fields[19]) };
  } catch {
    return null;
  }
}

/** True while exactly this process lives. */
export function isAlive(id: ProcessId | null): boolean {
  return id !== null && processId(id.pid)?.startTicks === id.startTicks;
}
