// Which process listens on a local port: so that a server is named before it ever sent a packet of its own. Joins the socket
// tables of /proc/net with the open files of /proc/*/fd by socket inode. Sees this process's network namespace only.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import type { ScanLimits } from './cgroup-paths.ts';

/** Sockets and processes beyond are not looked at in one scan. */
const MAX_SOCKETS = 4096;
const MAX_PROCESSES = 32_768;
const MAX_FILES_PER_PROCESS = 65_536;
/** States of /proc/net: listening TCP, and UDP that is not connected. */
const LISTEN = '0A';
const UNCONNECTED = '07';

interface Socket {
  readonly inode: string;
  /** Hex as the kernel writes it; all zeros listens on every address. */
  readonly address: string;
  pid: number | undefined;
}

export class ListeningSockets {
  private readonly procRoot: string;
  private readonly limits: ScanLimits;
  /** By "tcp:80". */
  private byPort = new Map<string, Socket[]>();
  /** Owners found so far of sockets by inode: they do not change while the inode lives. */
  private owners = new Map<string, number>();
  /** Inodes of listening sockets whose owner is not found yet. */
  private wanted = new Set<string>();
  private lastScanMs = Number.NEGATIVE_INFINITY;
  private scans = 0;
  private cutShort = 0;
  private nextProcess = 0;

  constructor(procRoot: string, limits: ScanLimits) {
    this.procRoot = procRoot;
    this.limits = limits;
  }

  /** Pid of the process that listens there; undefined if nobody does or it was not found yet. */
  ownerOf(address: string, port: number, protocol: 'tcp' | 'udp'): number | undefined {
    const known = this.find(address, port, protocol);
    if (known?.pid !== undefined) return known.pid;
    this.scan();
    return this.find(address, port, protocol)?.pid;
  }

  counters(): { readonly sockets: number; readonly scans: number; readonly cutShort: number } {
    return { sockets: this.owners.size, scans: this.scans, cutShort: this.cutShort };
  }

  private find(address: string, port: number, protocol: string): Socket | undefined {
    const sockets = this.byPort.get(`${protocol}:${port}`) ?? [];
    const wanted = procHex(address);
    return (
      sockets.find((socket) => socket.address === wanted) ??
      sockets.find((socket) => /^0+$/.test(socket.address)) ??
      sockets[0]
    );
  }

  private scan(): void {
    const startMs = this.limits.monotonicMs();
    if (startMs - this.lastScanMs < this.limits.scanIntervalMs) return;
    this.lastScanMs = startMs;
    this.scans++;
    this.readTables();
    this.readOwners(startMs);
    for (const sockets of this.byPort.values())
      for (const socket of sockets) socket.pid = this.owners.get(socket.inode);
  }

  private readTables(): void {
    this.byPort = new Map();
    const inodes = new Set<string>();
    for (const table of ['tcp', 'tcp6', 'udp', 'udp6'] as const) {
      const protocol = table.startsWith('tcp') ? 'tcp' : 'udp';
      for (const line of readLines(path.join(this.procRoot, 'net', table))) {
        const [, local = '', , state, , , , , , inode = '0'] = line.trim().split(/\s+/);
        if (state !== (protocol === 'tcp' ? LISTEN : UNCONNECTED) || inode === '0' || inodes.size >= MAX_SOCKETS)
          continue;
        const [address = '', port = ''] = local.split(':');
        const key = `${protocol}:${Number.parseInt(port, 16)}`;
        const sockets = this.byPort.get(key) ?? [];
        sockets.push({ inode, address, pid: undefined });
        this.byPort.set(key, sockets);
        inodes.add(inode);
      }
    }
    for (const inode of this.owners.keys()) if (!inodes.has(inode)) this.owners.delete(inode);
    this.wanted = new Set([...inodes].filter((inode) => !this.owners.has(inode)));
  }

  /** Goes on where the last scan was cut short, so that every process has its turn. */
  private readOwners(startMs: number): void {
    if (this.wanted.size === 0) return;
    const pids = processIds(this.procRoot);
    for (let count = 0; count < pids.length && this.wanted.size > 0; count++) {
      if (this.limits.monotonicMs() - startMs > this.limits.scanMs) {
        this.cutShort++;
        return;
      }
      this.readFiles(pids[this.nextProcess++ % pids.length] ?? 0);
    }
  }

  private readFiles(pid: number): void {
    const directory = path.join(this.procRoot, String(pid), 'fd');
    try {
      for (const file of readdirSync(directory).slice(0, MAX_FILES_PER_PROCESS)) {
        const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(path.join(directory, file)))?.[1];
        if (inode !== undefined && this.wanted.delete(inode)) this.owners.set(inode, pid);
      }
    } catch {
      // Ended while we looked, or another user's: then its sockets stay without owner.
    }
  }
}

function processIds(procRoot: string): number[] {
  try {
    return readdirSync(procRoot)
      .filter((name) => /^\d+$/.test(name))
      .slice(0, MAX_PROCESSES)
      .map(Number);
  } catch {
    return [];
  }
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(1);
  } catch {
    // No IPv6, or no /proc: nothing listens there as far as we can tell.
    return [];
  }
}

/** An IPv4 address as /proc/net writes it on a little-endian machine; IPv6 is matched by port alone. */
function procHex(address: string): string {
  const bytes = address.split('.').map(Number);
  if (bytes.length !== 4) return '';
  return bytes
    .reverse()
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase();
}
