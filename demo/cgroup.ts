// One cgroup (v2) a pod, named as kubelet and containerd name them, so that sockets and processes tell their pod.
// Without a writable cgroup v2 the demo runs all the same: every function then does nothing.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PodPlan } from './plan.ts';

const rootName = 'parallax-demo';
const supervisorScope = 'supervisor.scope';

/** The demo's cgroup, whether or not it exists; null where cgroup v2 is not mounted. */
export function cgroupRoot(): string | null {
  const mounts = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'];
  const mount = mounts.find((path) => existsSync(join(path, 'cgroup.controllers')));
  return mount ? join(mount, rootName) : null;
}

/** Makes the pods' cgroups; returns the root, or null when this machine does not let us. */
export function makeCgroups(pods: readonly PodPlan[]): string | null {
  const root = cgroupRoot();
  if (!root) return null;
  try {
    for (const pod of pods) mkdirSync(podCgroup(root, pod), { recursive: true });
    return root;
  } catch {
    return null;
  }
}

/** The internet's client is no container of this machine, so its cgroup has no container's name. */
export function podCgroup(root: string, pod: PodPlan): string {
  if (pod.workload.kind === 'External') return join(root, `${pod.app}.scope`);
  return join(root, `kubepods-pod${pod.uid.replaceAll('-', '_')}.slice`, `cri-containerd-${pod.containerId}.scope`);
}

/** Puts the supervisor, and what it starts from now on, into the demo's own cgroup. */
export function enterSupervisorCgroup(root: string, pid: number): void {
  const folder = join(root, supervisorScope);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'cgroup.procs'), String(pid));
}

/** The pid of a supervisor that lives, whatever directory it was given. */
export function livingSupervisor(): number | null {
  const root = cgroupRoot();
  const procs = root && join(root, supervisorScope, 'cgroup.procs');
  if (!procs || !existsSync(procs)) return null;
  return Number.parseInt(readFileSync(procs, 'utf8'), 10) || null;
}

/** Kills every process of the demo's cgroups at once (kernel 5.14). False when there was nothing to do it with. */
export function killCgroup(): boolean {
  const root = cgroupRoot();
  if (!root || !existsSync(join(root, 'cgroup.kill'))) return false;
  writeFileSync(join(root, 'cgroup.kill'), '1');
  return true;
}

/** True while a process lives in any of the demo's cgroups. */
export function isCgroupPopulated(): boolean {
  const root = cgroupRoot();
  if (!root || !existsSync(root)) return false;
  return readFileSync(join(root, 'cgroup.events'), 'utf8').includes('populated 1');
}

/** Removes the demo's cgroups, leaves first. They must be empty of processes. */
export function removeCgroups(folder = cgroupRoot()): void {
  if (!folder || !existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeCgroups(join(folder, entry.name));
  }
  rmdirSync(folder);
}
