// The processes that selectors mean, found as they come and let go of as they end: at each scan of /proc, and at once
// where somebody has heard of a process. In: selectors. Out: probes attached, and in words why not.

import type { BpfObject } from '../kernel/bpf-object.ts';
import { type AttachedProcess, attachProcess } from './probes.ts';
import { listPids, readFacts, readStart } from './process-files.ts';
import { isSelected, type ProcessSelector } from './selector.ts';

/** 11 probes, each with two descriptors: 2,816 at most. */
const MAX_PROCESSES = 128;
/** A program may load its library only when it needs it: for so many scans it is asked again. */
const MAX_TRIES = 5;

/** What is watched, and what is meant but cannot be. */
export interface TlsProcesses {
  readonly watched: number;
  /** In words, each with the process. */
  readonly troubles: readonly string[];
}

export interface WatchedProcessesOptions {
  readonly object: BpfObject;
  readonly selectors: readonly ProcessSelector[];
  /** Called before a process's probes are taken away, while what it was told of it can still be read. */
  onLeave(pid: number): void;
  log(line: string): void;
}

/** A process that is meant. */
interface Meant {
  readonly pid: number;
  readonly start: string;
  readonly executable: string;
  attached: AttachedProcess | undefined;
  trouble: string;
  tries: number;
  isBusy: boolean;
  isLeft: boolean;
}

export class WatchedProcesses {
  readonly #options: WatchedProcessesOptions;
  readonly #meant = new Map<number, Meant>();
  /** Looked at since the last scan. */
  readonly #looked = new Set<number>();
  /** Attaching and detaching under way. */
  readonly #pending = new Set<Promise<void>>();
  readonly #counters = { attached: 0, without_library: 0, without_function: 0, failed: 0, refused: 0 };

  constructor(options: WatchedProcessesOptions) {
    this.#options = options;
  }

  /** Processes attached so far, meant ones without a library or whose probing failed, functions a library lacks. */
  get counters(): Readonly<Record<'attached' | 'without_library' | 'without_function' | 'failed' | 'refused', number>> {
    return this.#counters;
  }

  get state(): TlsProcesses {
    const meant = [...this.#meant.values()];
    return {
      watched: this.#watched,
      troubles: meant.flatMap(({ trouble }) => (trouble === '' ? [] : [trouble])),
    };
  }

  /** "libssl.so.3" or "node"; '' of a process that is not watched. */
  libraryOf(pid: number): string {
    return this.#meant.get(pid)?.attached?.library ?? '';
  }

  scan(): void {
    const pids = new Set(listPids());
    this.#looked.clear();
    for (const pid of [...this.#meant.keys()]) if (!pids.has(pid)) this.#leave(pid);
    for (const pid of pids) this.#look(pid);
  }

  /** Looks at these now, unless the last scan did. */
  note(pids: Iterable<number>): void {
    for (const pid of pids) if (!this.#meant.has(pid) && !this.#looked.has(pid)) this.#look(pid);
  }

  /** Resolves when nothing is being attached or detached. */
  async settle(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  /** Resolves when all probes are gone. */
  async stop(): Promise<void> {
    for (const pid of [...this.#meant.keys()]) this.#leave(pid);
    await this.settle();
  }

  get #watched(): number {
    let watched = 0;
    for (const { attached } of this.#meant.values()) if (attached !== undefined) watched++;
    return watched;
  }

  #look(pid: number): void {
    this.#looked.add(pid);
    // Its own plaintext is the flows that are read from it.
    const facts = pid === process.pid ? undefined : readFacts(pid);
    const start = readStart(pid);
    const isMeant = facts !== undefined && this.#options.selectors.some((selector) => isSelected(selector, facts));
    let meant = this.#meant.get(pid);
    if (!isMeant || start === undefined) {
      this.#leave(pid);
      return;
    }
    const { executable, command } = facts;
    // The pid was given to another process, or the process runs another program now.
    if (meant !== undefined && (meant.start !== start || meant.executable !== executable)) {
      this.#leave(pid);
      meant = undefined;
    }
    meant ??= { pid, start, executable, attached: undefined, trouble: '', tries: 0, isBusy: false, isLeft: false };
    this.#meant.set(pid, meant);
    if (meant.isBusy || meant.attached !== undefined || meant.tries >= MAX_TRIES) return;
    this.#track(this.#attach(meant, `${command} (pid ${pid})`));
  }

  /** Does not reject. */
  async #attach(meant: Meant, who: string): Promise<void> {
    meant.isBusy = true;
    meant.tries++;
    const trouble = await this.#tryAttach(meant, who);
    meant.isBusy = false;
    if (meant.isLeft) await meant.attached?.detach();
    else if (trouble !== '' && trouble !== meant.trouble) {
      this.#options.log(`the TLS plaintext of ${who} is not read: ${trouble}`);
    }
    meant.trouble = trouble === '' ? '' : `the TLS plaintext of ${who} is not read: ${trouble}`;
  }

  /** Resolves to why it did not go, '' if it did. */
  async #tryAttach(meant: Meant, who: string): Promise<string> {
    if (this.#watched >= MAX_PROCESSES) {
      this.#counters.refused++;
      return `${MAX_PROCESSES} processes are watched already, which is the most`;
    }
    try {
      const attached = await attachProcess(this.#options.object, meant.pid);
      if (attached === undefined) {
        this.#counters.without_library++;
        return 'it has no OpenSSL that exports its functions (libssl.so, or built in as in Node)';
      }
      meant.attached = attached;
      this.#counters.attached++;
      this.#counters.without_function += attached.missing.length;
      this.#options.log(`reading the TLS plaintext of ${who} in ${attached.library}`);
      return '';
    } catch (error) {
      if (readStart(meant.pid) === undefined) return '';
      this.#counters.failed++;
      const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
      const needed = ' (CAP_PERFMON, CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH are needed)';
      return `${why}${/EACCES|EPERM/.test(why) ? needed : ''}`;
    }
  }

  #leave(pid: number): void {
    const meant = this.#meant.get(pid);
    if (meant === undefined) return;
    meant.isLeft = true;
    if (meant.attached !== undefined && !meant.isBusy) {
      this.#options.onLeave(pid);
      this.#track(meant.attached.detach());
    }
    this.#meant.delete(pid);
  }

  #track(work: Promise<void>): void {
    this.#pending.add(work);
    void work.finally(() => this.#pending.delete(work));
  }
}
