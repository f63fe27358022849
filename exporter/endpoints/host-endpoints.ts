// Endpoints of a plain host, without Kubernetes: the host itself, and at its ends containers, systemd units and processes.
//
// Hubble's words are kept: what runs on the host is identity `host` (1) with label reserved:host, no namespace and no pod
// name; what runs in a container with an address of its own is `unmanaged` (3). The program goes into `workloads`, with kind
// Container, Unit or Process, in this order of preference: it is what a map groups by.
import { networkInterfaces } from 'node:os';
import { canonicalAddress, isLoopback } from '#kubernetes/addresses.ts';
import type { EndpointInfo } from '#kubernetes/endpoint-info.ts';
import { reservedEndpoint } from '#kubernetes/identities.ts';
import { findCgroupRoot } from '../kernel/cgroup-root.ts';
import { type CgroupOwner, cgroupOwner } from './cgroup-owner.ts';
import { CgroupPaths } from './cgroup-paths.ts';
import type { EndpointLookup } from './endpoint-lookup.ts';
import { ListeningSockets } from './listening-sockets.ts';
import { type ProcessName, ProcessTable } from './process-table.ts';

/** A scan blocks the event loop, so it is short: 20 ms is one drain of the kernel's ring. */
const SCAN_MS = 20;
const SCAN_INTERVAL_MS = 1000;
const ADDRESS_REFRESH_MS = 5000;
const SHORT_ID_CHARS = 12;

export interface HostEndpointsOptions {
  readonly clusterName?: string;
  /** Processes are told with what they were started with, without what may be secret in it. Default false. */
  readonly tellsArguments?: boolean;
  /** Names containers that Kubernetes runs, by full id. */
  readonly byContainerId?: (containerId: string) => EndpointInfo | undefined;
  readonly procRoot?: string;
  /** Where cgroup v2 is mounted; found by itself if absent. */
  readonly cgroupRoot?: string;
  readonly hostAddresses?: () => readonly string[];
  readonly monotonicMs?: () => number;
}

export class HostEndpoints implements Required<EndpointLookup> {
  private readonly options: HostEndpointsOptions;
  private readonly monotonicMs: () => number;
  private readonly cgroups: CgroupPaths;
  private readonly processes: ProcessTable;
  private readonly listeners: ListeningSockets;
  private readonly host: EndpointInfo;
  private addresses: ReadonlySet<string> = new Set();
  private addressesReadMs = Number.NEGATIVE_INFINITY;

  constructor(options: HostEndpointsOptions = {}) {
    this.options = options;
    this.monotonicMs = options.monotonicMs ?? (() => performance.now());
    const procRoot = options.procRoot ?? '/proc';
    const limits = { scanMs: SCAN_MS, scanIntervalMs: SCAN_INTERVAL_MS, monotonicMs: this.monotonicMs };
    this.cgroups = new CgroupPaths(options.cgroupRoot ?? findCgroupRoot(), limits);
    this.processes = new ProcessTable(procRoot, this.monotonicMs, options.tellsArguments);
    this.listeners = new ListeningSockets(procRoot, limits);
    this.host = { ...reservedEndpoint('host'), clusterName: options.clusterName ?? 'default' };
  }

  /** The host, for its own addresses; which program it is only the other questions can tell. */
  byAddress(address: string): EndpointInfo | undefined {
    return isLoopback(address) || this.hostAddresses().has(address) ? this.host : undefined;
  }

  /** A container or unit; undefined for a group that holds neither, such as a login session. */
  byCgroup(cgroupId: bigint): EndpointInfo | undefined {
    const path = this.cgroups.pathOf(cgroupId);
    return path === undefined ? undefined : this.byCgroupPath(path);
  }

  byProcess(pid: number): EndpointInfo | undefined {
    const process = this.processes.byPid(pid);
    if (!process) return undefined;
    return this.byCgroupPath(process.cgroupPath) ?? this.withWorkload('Process', process.name);
  }

  byListener(address: string, port: number, protocol: 'tcp' | 'udp'): EndpointInfo | undefined {
    const pid = this.listenerPid(address, port, protocol);
    return pid === undefined ? undefined : this.byProcess(pid);
  }

  listenerPid(address: string, port: number, protocol: 'tcp' | 'udp'): number | undefined {
    return this.listeners.ownerOf(address, port, protocol);
  }

  /** The process itself, for FlowDetails. */
  process(pid: number): ProcessName | undefined {
    return this.processes.byPid(pid);
  }

  /** Container id and unit of a cgroup, for FlowDetails; undefined if the group is not known. */
  cgroup(cgroupId: bigint): CgroupOwner | undefined {
    const path = this.cgroups.pathOf(cgroupId);
    return path === undefined ? undefined : cgroupOwner(path);
  }

  counters() {
    return { cgroups: this.cgroups.counters(), listeners: this.listeners.counters(), processes: this.processes.size };
  }

  private byCgroupPath(path: string): EndpointInfo | undefined {
    const { containerId, unit } = cgroupOwner(path);
    if (containerId !== '') {
      const pod = this.options.byContainerId?.(containerId);
      if (pod) return pod;
      const name = containerId.slice(0, SHORT_ID_CHARS);
      return { ...this.host, ...unmanaged, workloads: [{ name, kind: 'Container' }] };
    }
    return unit === '' ? undefined : this.withWorkload('Unit', unit);
  }

  private withWorkload(kind: 'Unit' | 'Process', name: string): EndpointInfo {
    return { ...this.host, workloads: [{ name, kind }] };
  }

  private hostAddresses(): ReadonlySet<string> {
    const nowMs = this.monotonicMs();
    if (nowMs - this.addressesReadMs >= ADDRESS_REFRESH_MS) {
      this.addressesReadMs = nowMs;
      const texts = this.options.hostAddresses?.() ?? interfaceAddresses();
      this.addresses = new Set(texts.map((text) => canonicalAddress(text) ?? text));
    }
    return this.addresses;
  }
}

const unmanaged = { identity: reservedEndpoint('unmanaged').identity, labels: reservedEndpoint('unmanaged').labels };

function interfaceAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((entries) => (entries ?? []).map((entry) => entry.address));
}
