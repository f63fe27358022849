// --tls-plaintext within a running source: what TLS libraries of chosen processes were given, on its way to flows; and
// what there is to say of it. Where the kernel does not take the programs the rest of capture goes on.

import { Notice, Notice_Severity } from '#proto/gen/parallax/v1/dashboard.ts';
import type { KernelRecord } from './kernel/kernel-record.ts';
import type { PlaintextFlows } from './plaintext-flows.ts';
import { type ProcessSelector, parseProcessSelector } from './tls/selector.ts';
import { startTlsCapture, type TlsCapture } from './tls/tls-capture.ts';

export interface TlsPlaintextOptions {
  nowBootNs(): number;
  /** Hands on what packets and sockets have told so far. */
  readRecords(): void;
  log(line: string): void;
}

export class TlsPlaintextSource {
  readonly #flows: PlaintextFlows;
  readonly #selectors: readonly ProcessSelector[];
  #capture: TlsCapture | undefined;
  #trouble = '';
  #lost = 0;

  /** Throws where a selector is none. */
  constructor(selectors: readonly string[], flows: PlaintextFlows) {
    this.#flows = flows;
    this.#selectors = selectors.map(parseProcessSelector);
  }

  /** Resolves when the processes that run now are watched, or it is known why none is. */
  async start({ nowBootNs, readRecords, log }: TlsPlaintextOptions): Promise<void> {
    try {
      this.#capture = await startTlsCapture({
        selectors: this.#selectors,
        beforeEvents: readRecords,
        onEvent: (event, library) => this.#flows.take(event, library, nowBootNs()),
        log,
      });
    } catch (error) {
      this.#trouble = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
      log(`TLS plaintext is not read: ${this.#trouble}`);
    }
  }

  /** Processes that begin to connect or to listen are looked at before their first data. */
  noteRecords(batch: readonly KernelRecord[]): void {
    this.#capture?.noteProcesses(batch.flatMap((one) => (one.type === 'socket' && one.pid > 0 ? [one.pid] : [])));
  }

  /** Call it once a second with the boot clock. */
  sweep(bootNs: number): void {
    const { lost } = this;
    if (lost > this.#lost) this.#flows.noteLoss();
    this.#lost = lost;
    this.#flows.sweep(bootNs);
  }

  /** Pieces the kernel had no room for. */
  get lost(): number {
    return this.#capture?.counters().lost ?? this.#lost;
  }

  get watched(): number {
    return this.#capture?.processes.watched ?? 0;
  }

  counters(): Readonly<Record<string, number>> {
    const { joined, unjoined, other_end } = this.#flows.counters;
    return {
      ...this.#capture?.counters(),
      joined_flows: joined,
      unjoined_flows: unjoined,
      other_end,
    };
  }

  notices(): Notice[] {
    const chosen = this.#selectors.map(({ kind, value }) => `${kind}:${value}`).join(', ');
    if (this.#capture === undefined) {
      return [
        Notice.create({
          severity: Notice_Severity.WARNING,
          key: 'tls-plaintext',
          text: `The plaintext of TLS connections is not read: ${this.#trouble}.`,
          mend: 'Probes of user space need CAP_BPF and CAP_PERFMON, Linux 5.13 or later, and CONFIG_UPROBE_EVENTS.',
        }),
      ];
    }
    const { watched, troubles } = this.#capture.processes;
    return [
      Notice.create({
        severity: Notice_Severity.INFO,
        key: 'tls-plaintext',
        text: `The plaintext of TLS connections of ${watched} processes is read, as was asked for (${chosen}).`,
        mend: 'Start the exporter without --tls-plaintext to leave it unread.',
      }),
      ...troubles.map((text) =>
        Notice.create({
          severity: Notice_Severity.WARNING,
          key: 'tls-plaintext-process',
          text: `${text.charAt(0).toUpperCase()}${text.slice(1)}.`,
          mend: 'Probes need OpenSSL as a library with its symbols, or Node, and the right to look into the process.',
        }),
      ),
    ];
  }

  async stop(): Promise<void> {
    const capture = this.#capture;
    this.#capture = undefined;
    await capture?.stop();
  }
}
