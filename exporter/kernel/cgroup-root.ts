// Where cgroup v2 is mounted.

import { existsSync, readFileSync } from 'node:fs';

/** First cgroup2 mount; hybrid hosts have it at /sys/fs/cgroup/unified. */
export function findCgroupRoot(): string {
  try {
    for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
      const [mount = '', filesystem = ''] = line.split(' - ');
      if (filesystem.startsWith('cgroup2 ')) return mount.split(' ')[4] ?? '/sys/fs/cgroup';
    }
  } catch {
    // Not Linux, or /proc is not there: the usual place is as good as any.
  }
  return existsSync('/sys/fs/cgroup/unified') ? '/sys/fs/cgroup/unified' : '/sys/fs/cgroup';
}
