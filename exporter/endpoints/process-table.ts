// Processes of this host by pid, out of /proc: a name that people know the program by, and its cgroup.
import { readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { readArguments, redactArguments } from './process-arguments.ts';

const MAX_PROCESSES = 8192;
/** A pid can be given to another process; asking again this often finds out soon enough. */
const TRUST_MS = 10_000;
/** Programs that are named better by the script they run. */
const INTERPRETERS = /^(?:node|nodejs|deno|bun|python[\d.]*|ruby[\d.]*|perl[\d.]*|php[\d.]*)$/;

export interface ProcessName {
  readonly pid: number;
  /** "nginx", or "node server.js" for an interpreter with a script. */
  readonly name: string;
  /** As the kernel has it, at most 15 characters. */
  readonly command: string;
  /** Empty if it may not be read (other users' processes without root). */
  readonly executable: string;
  /** Path in cgroup v2, else in systemd's hierarchy; empty if neither is there. */
  readonly cgroupPath: string;
  /** Without what may be secret; empty unless asked for. */
  readonly arguments: readonly string[];
}

interface Known {
  readonly process: ProcessName | undefined;
  readonly readMs: number;
}

export class ProcessTable {
  private readonly procRoot: string;
  private readonly monotonicMs: () => number;
  private readonly tellsArguments: boolean;
  private readonly known = new Map<number, Known>();

  /** `tellsArguments`: what processes were started with is told, without what may be secret in it. */
  constructor(procRoot: string, monotonicMs: () => number, tellsArguments = false) {
    this.tellsArguments = tellsArguments;
    this.procRoot = procRoot;
    this.monotonicMs = monotonicMs;
  }

  /** Undefined if there is no such process and it was not seen before; one that ended keeps its name for a while. */
  byPid(pid: number): ProcessName | undefined {
    const nowMs = this.monotonicMs();
    const known = this.known.get(pid);
    if (known && nowMs - known.readMs < TRUST_MS) return known.process;
    const process = this.read(pid) ?? known?.process;
    this.known.delete(pid);
    this.known.set(pid, { process, readMs: nowMs });
    for (const oldest of this.known.keys()) {
      if (this.known.size <= MAX_PROCESSES) break;
      this.known.delete(oldest);
    }
    return process;
  }

  get size(): number {
    return this.known.size;
  }

  private read(pid: number): ProcessName | undefined {
    const directory = path.join(this.procRoot, String(pid));
    const command = attempt(() => readFileSync(path.join(directory, 'comm'), 'utf8').trimEnd());
    if (command === undefined) return undefined;
    const link = attempt(() => readlinkSync(path.join(directory, 'exe'))) ?? '';
    const executable = link.replace(/ \(deleted\)$/, '');
    const program = path.basename(executable) || command;
    const isInterpreter = INTERPRETERS.test(program);
    const words = isInterpreter || this.tellsArguments ? (readArguments(path.join(directory, 'cmdline')) ?? []) : [];
    const script = isInterpreter ? scriptOf(words) : '';
    const cgroups = attempt(() => readFileSync(path.join(directory, 'cgroup'), 'utf8')) ?? '';
    const name = script === '' ? program : `${program} ${script}`;
    const shown = this.tellsArguments ? redactArguments(words) : [];
    return { pid, name, command, executable, cgroupPath: cgroupPath(cgroups), arguments: shown };
  }
}

/** File name of the script that an interpreter runs, if one of its arguments looks like a script. */
function scriptOf(words: readonly string[]): string {
  const first = words.slice(1, 16).find((word) => !word.startsWith('-'));
  return first !== undefined && /^[^\s]+\.(?:[cm]?[jt]s|py|rb|pl|php)$/.test(first) ? path.basename(first) : '';
}

/** On hybrid hosts processes sit in v2's root and systemd's own hierarchy tells more. */
export function cgroupPath(text: string): string {
  const lines = text.split('\n');
  const unified = lines.find((line) => line.startsWith('0::'))?.slice(3) ?? '';
  if (unified !== '' && unified !== '/') return unified;
  return /^\d+:name=systemd:(.*)$/m.exec(text)?.[1] ?? unified;
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
