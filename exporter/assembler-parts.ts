// What an assembler of flows is made of, and what the makers of its flows share.

import type { ConnectionNames } from './connection-names.ts';
import type { FlowOutput } from './encode/flow-output.ts';
import type { EndNames } from './end-names.ts';
import type { DnsNames } from './endpoints/dns-names.ts';
import type { KnownConnections } from './known-connections.ts';
import type { L7Tracker } from './l7/tracker.ts';
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
