// Kernel records to flows: one for each connection report, drop and L7 message, put out in the order of the ring. Joins
// sockets, names and L7 parsing; holds no bytes of the kernel.

import type { AssemblerParts, AssemblerState } from './assembler-parts.ts';
import { ConnectionFlows } from './connection-flows.ts';
import { ConnectionNames } from './connection-names.ts';
import { DropFlows } from './drop-flows.ts';
import type { KernelRecord } from './kernel/kernel-record.ts';
import { KnownConnections } from './known-connections.ts';
import type { L7Event } from './l7/l7-event.ts';
import { MessageFlows } from './message-flows.ts';
import { PlaintextFlows } from './plaintext-flows.ts';

export class FlowAssembler {
  readonly #state: AssemblerState;
  readonly #connectionFlows: ConnectionFlows;
  readonly #messageFlows: MessageFlows;
  readonly #dropFlows: DropFlows;
  /** Of messages that TLS libraries were given. */
  readonly plaintext: PlaintextFlows;

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
    this.plaintext = new PlaintextFlows(this.#state, this.#messageFlows);
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
