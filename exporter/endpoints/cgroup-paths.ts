// Cgroup ids (the inode of a cgroup v2 directory) as paths below the cgroup root. The kernel has no way to ask for one id, so
// the tree is walked when an unknown id is asked for: not often, and never for long at a time.
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';

/** A node with 250 pods has about 2,000. */
const MAX_DIRECTORIES = 20_000;

export interface ScanLimits {
  /** Longest walk at a time. */
  readonly scanMs: number;
  /** Shortest time between the beginnings of two walks. */
  readonly scanIntervalMs: number;
  readonly monotonicMs: () => number;
}

export class CgroupPaths {
  private readonly root: string;
  private readonly limits: ScanLimits;
  private paths = new Map<bigint, string>();
  /** Directories of the walk under way that are still to be read. */
  private pending: string[] = [];
  private found = new Map<bigint, string>();
  private lastScanMs = Number.NEGATIVE_INFINITY;
  private scans = 0;
  private cutShort = 0;

  constructor(root: string, limits: ScanLimits) {
    this.root = root;
    this.limits = limits;
  }

  /** "/system.slice/nginx.service"; undefined if the group is gone or not found yet. */
  pathOf(cgroupId: bigint): string | undefined {
    const known = this.paths.get(cgroupId) ?? this.found.get(cgroupId);
    if (known !== undefined) return known;
    this.scan();
    return this.paths.get(cgroupId) ?? this.found.get(cgroupId);
  }

  counters(): { readonly directories: number; readonly scans: number; readonly cutShort: number } {
    return { directories: this.paths.size, scans: this.scans, cutShort: this.cutShort };
  }

  private scan(): void {
    const startMs = this.limits.monotonicMs();
    if (startMs - this.lastScanMs < this.limits.scanIntervalMs) return;
    this.lastScanMs = startMs;
    this.scans++;
    if (this.pending.length === 0) {
      this.pending = [''];
      this.found = new Map();
    }
    for (let below = this.pending.pop(); below !== undefined; below = this.pending.pop()) {
      this.visit(below);
      if (this.found.size >= MAX_DIRECTORIES) this.pending = [];
      if (this.pending.length > 0 && this.limits.monotonicMs() - startMs > this.limits.scanMs) {
        this.cutShort++;
        return;
      }
    }
    this.paths = this.found;
  }

  private visit(below: string): void {
    try {
      const directory = path.join(this.root, below);
      this.found.set(statSync(directory, { bigint: true }).ino, below === '' ? '/' : below);
      for (const entry of readdirSync(directory, { withFileTypes: true })) {
        if (entry.isDirectory()) this.pending.push(`${below}/${entry.name}`);
      }
    } catch {
      // Removed while we walked; its processes are gone with it.
    }
  }
}
