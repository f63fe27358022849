// The shape of capture as the rest of the exporter sees it. Types only.

import type { TrackedConnection } from './conntrack.ts';
import type { Place } from './interfaces.ts';
import type { KernelRecord, SocketAddress, TransportProtocol } from './kernel-record.ts';
import type { ProgramOptions, Programs } from './programs.ts';

export interface CaptureOptions extends ProgramOptions {
  /** Globs of interface names, comma separated ('veth*,eth0'). Default: loopback, host interfaces and host-side veths. */
  readonly interfaces?: string;
  /** Already on their way; then the options of programs are theirs. Closed with the capture, or if that cannot start. */
  readonly programs?: Programs;
  /** How to hook interfaces. Default: TCX links where the kernel has them (6.6), else clsact filters. */
  readonly attachMethod?: 'tcx' | 'clsact';
  /**
   * Called with at least one record, in the order of the ring, but sockets' first: who a connection belongs to is known
   * before the connection is told. The array is the callee's to keep.
   */
  onRecords(batch: readonly KernelRecord[]): void;
  onInterfaceChange?(change: InterfaceChange): void;
  log(line: string): void;
}

export interface InterfaceChange {
  readonly kind: 'attached' | 'detached' | 'failed';
  readonly interfaceIndex: number;
  readonly interfaceName: string;
  readonly reason?: string;
}

/** A part of capture that can be missing alone. */
export interface CaptureFeature {
  readonly name: 'connections' | 'l7' | 'drops' | 'sockets' | 'datagrams' | 'translations';
  readonly enabled: boolean;
  readonly reason?: string;
}

/** Totals since start, by kind; `seen` are records handed on, `lost` were never handed on, `skipped` left out by rule. */
export interface CaptureCounters {
  readonly seen: Readonly<Record<string, number>>;
  readonly lost: Readonly<Record<string, number>>;
  readonly skipped: Readonly<Record<string, number>>;
}

export interface Capture {
  readonly features: readonly CaptureFeature[];
  counters(): CaptureCounters;
  interfaceName(index: number): string | undefined;
  /** What a watched interface is; undefined for others. */
  placeOf(index: number): Place | undefined;
  isHostAddress(address: string): boolean;
  /** Whether the address was seen sending through a watched interface of a pod. */
  isEndpoint(address: string): boolean;
  /** Asks connection tracking; undefined where the packets from `source` to `destination` are not translated. */
  tracked(
    protocol: TransportProtocol,
    source: SocketAddress,
    destination: SocketAddress,
  ): TrackedConnection | undefined;
  /** Hands on what the kernel has written so far, at once. */
  readNow(): void;
  /** Detaches and closes everything; when it resolves nothing of ours is left in the kernel. */
  stop(): Promise<void>;
}
