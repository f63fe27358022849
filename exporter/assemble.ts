// Kernel records to flows: one for each connection report, drop and L7 message, put out in the order of the ring. Joins
// sockets, names and L7 parsing; holds no bytes of the kernel.

import { ConnectionFlows } from './connection-flows.ts';
import { ConnectionNames } from './connection-names.ts';
import { DropFlows } from './drop-flows.ts';
import type { FlowOutput } from './encode/flow-output.ts';
import type { EndNames } from './end-names.ts';
import type { DnsNames } from './endpoints/dns-names.ts';
import type { KernelRecord } from './kernel/kernel-record.ts';
import { KnownConnections } from './known-connections.ts';
import type { L7Event } from './l7/l7-event.ts';
import type { L7Tracker } from './l7/tracker.ts';
import { MessageFlows } from './message-flows.ts';
import type { ServiceTranslations } from './service-translations.ts';
import type { SocketTable } from './socket-table.ts';

/** Seconds since the Unix epoch, and nanoseconds within the second. */
export interface UnixTime {
  seconds: number;
  nanos: number;
}

export interface AssemblerParts {
  readonly output: FlowOutput;
  readonly names: EndNames;
  readonly sockets: SocketTable;
  readonly tracker: Pick<L7Tracker, 'feed' | 'sweep' | 'close'>;
  readonly dnsNames: DnsNames;
  readonly translations: ServiceTranslations;
  /** Grows when an address may have got another name; see ConnectionNames. */
  namesVersion(): number;
  nowUnixMs(): number;
  /** Turns nanoseconds of the boot clock into Unix time, in place. */
  toUnixTime(bootNs: number, time: UnixTime): void;
  interfaceName(index: number): string | undefined;
}

/** What the makers of flows share: the parts, and what is known beyond one record. */
export interface AssemblerState extends AssemblerParts {
  readonly connections: KnownConnections;
  readonly connectionNames: ConnectionNames;
}

export class FlowAssembler {
  readonly #state: AssemblerState;
  readonly #connectionFlows: ConnectionFlows;
  readonly #messageFlows: MessageFlows;
  readonly #dropFlows: DropFlows;

  constructor(parts: AssemblerParts) {
    const connectionNames = new ConnectionNames({
      ...parts,
      version: () => parts.namesVersion(),
      nowUnixMs: () => parts.nowUnixMs(),
    });
    this.#state = {
      ...parts,
      toUnixTime: (bootNs, time) => parts.toUnixTime(bootNs, time),
      interfaceName: (index) => parts.interfaceName(index),
      connections: new KnownConnections(),
      connectionNames,
    };
    this.#connectionFlows = new ConnectionFlows(this.#state);
    this.#messageFlows = new MessageFlows(this.#state);
    this.#dropFlows = new DropFlows(this.#state);
  }

  /** Records that were read together, in order. */
  assembleBatch(batch: readonly KernelRecord[]): void {
    const { translations, connectionNames } = this.#state;
    connectionNames.noteChanges();
    this.#messageFlows.clearArriving();
    for (const record of batch) {
      if (record.type !== 'connection') continue;
      translations.learn(record);
      if (record.view === 'destination') this.#messageFlows.noteArriving(record.connectionId);
    }
    for (const record of batch) this.#assemble(record);
  }

  /** Messages that were waiting for a part that has not come. Call it once a second with the boot clock. */
  sweep(bootNs: number): void {
    this.#state.connectionNames.noteChanges();
    this.#putMessages(this.#state.tracker.sweep(BigInt(Math.round(bootNs))));
    this.#state.connections.sweep(bootNs);
    this.#state.sockets.sweep(bootNs);
  }

  #assemble(record: KernelRecord): void {
    const { translations, tracker } = this.#state;
    switch (record.type) {
      case 'connection': {
        const translated = translations.translate(record);
        if (translated.isToldElsewhere) return;
        this.#connectionFlows.put(translated);
        const { reason, protocol, connectionId } = translated.record;
        if (reason !== 'closed' && reason !== 'idle') return;
        this.#putMessages(tracker.close(connectionId, protocol === 'UDP' ? 'udp' : 'tcp'));
        return;
      }
      case 'l7':
        this.#putMessages(this.#messageFlows.read(translations.translate(record)));
        return;
      case 'drop':
        this.#dropFlows.put(translations.translate(record));
        return;
      case 'socket':
        this.#state.sockets.note(record);
    }
  }

  #putMessages(events: readonly L7Event[]): void {
    for (const event of events) this.#messageFlows.put(event);
  }
}
