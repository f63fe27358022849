// Names the two ends of a flow: which endpoint an address, socket or process is. The most specific source first; what
// none knows stays an address.

import type { EndpointInfo } from '#kubernetes/endpoint-info.ts';
import type { Backend, ServicePort } from '#kubernetes/service-directory.ts';
import type { Service } from '#proto/gen/flow/flow.ts';
import type { Process } from '#proto/gen/parallax/v1/flow_details.ts';
import { type CgroupOwner, cgroupOwner } from './endpoints/cgroup-owner.ts';
import type { EndpointLookup } from './endpoints/endpoint-lookup.ts';
import type { ProcessName } from './endpoints/process-table.ts';
import type { SocketAddress, SocketRecord, TransportProtocol } from './kernel/kernel-record.ts';
import type { SocketTable } from './socket-table.ts';

const HOST_IDENTITY = 1;
/** The root of the cgroup tree: no owner, so no name. */
const ROOT_CGROUP = 1;

/** One end as the kernel told of it. */
export interface KernelEnd extends SocketAddress {
  readonly socketCookie: number;
  readonly cgroupId: number;
}

export interface NamedEnd {
  /** Undefined where nobody knows it. */
  readonly info: EndpointInfo | undefined;
  /** Set where the address is a service's, or was dialled as one. */
  readonly service: Service | undefined;
  readonly process: Process | undefined;
}

/** What the machine itself tells of its processes; HostEndpoints is one. */
export interface HostProcesses {
  process(pid: number): Pick<ProcessName, 'command' | 'executable' | 'cgroupPath' | 'arguments'> | undefined;
  cgroup(cgroupId: bigint): CgroupOwner | undefined;
  /** Pid of the program that listens on an address of this host. */
  listenerPid(address: string, port: number, protocol: 'tcp' | 'udp'): number | undefined;
}

export class EndNames {
  readonly #endpoints: EndpointLookup;
  readonly #sockets: SocketTable;
  readonly #host: HostProcesses | undefined;

  /** Without `host`, processes have the pid and command alone that the kernel tells. */
  constructor(endpoints: EndpointLookup, sockets: SocketTable, host?: HostProcesses) {
    this.#endpoints = endpoints;
    this.#sockets = sockets;
    this.#host = host;
  }

  /**
   * `listens`: the end may be a server, so that its port can name the program. `dialled`: the service whose address the
   * other end dialled to get here.
   */
  nameEnd(
    end: KernelEnd,
    protocol: TransportProtocol,
    listens: boolean,
    atUnixMs: number,
    dialled?: ServicePort,
  ): NamedEnd {
    const socket = this.#sockets.byCookie(end.socketCookie);
    const info = this.#find(end, protocol, listens, socket?.pid ?? 0, atUnixMs);
    const process = this.#process(end, protocol, listens, info?.identity === HOST_IDENTITY);
    const named = info?.service === undefined ? info : this.#behind(info, dialled?.backends ?? [], atUnixMs);
    return {
      info: named,
      service: dialled?.service ?? info?.service,
      process,
    };
  }

  /** A process whose addresses are not known. */
  nameProcess(pid: number): NamedEnd {
    return { info: this.#endpoints.byProcess?.(pid), service: undefined, process: this.#describe(pid, undefined, 0n) };
  }

  #process(end: KernelEnd, protocol: TransportProtocol, listens: boolean, isHost: boolean): Process | undefined {
    const socket = this.#sockets.byCookie(end.socketCookie);
    let pid = socket?.pid ?? 0;
    // A server that began to listen before capture did: the kernel did not tell of it, /proc does.
    if (pid === 0 && listens && isHost && end.port > 0)
      pid = this.#host?.listenerPid(end.address, end.port, transportOf(protocol)) ?? 0;
    return pid === 0 ? undefined : this.#describe(pid, socket, BigInt(end.cgroupId || socket?.cgroupId || 0));
  }

  #describe(pid: number, socket: SocketRecord | undefined, cgroupId: bigint): Process {
    const known = this.#host?.process(pid);
    const owner =
      (cgroupId > ROOT_CGROUP ? this.#host?.cgroup(cgroupId) : undefined) ?? cgroupOwner(known?.cgroupPath ?? '');
    return {
      pid,
      command: socket?.command || known?.command || '',
      executable: known?.executable || socket?.executable || '',
      containerId: owner.containerId,
      unit: owner.unit,
      cgroupId,
      arguments: [...(known?.arguments ?? [])],
    };
  }

  /** What all pods behind a service's address are, when it is not known which of them it was: their workload, no pod. */
  #behind(service: EndpointInfo, backends: readonly Backend[], atUnixMs: number): EndpointInfo {
    const [first, ...others] = backends.map(({ address }) => this.#endpoints.byAddress(address, atUnixMs));
    const workload = workloadKey(first);
    if (first === undefined || workload === undefined || others.some((other) => workloadKey(other) !== workload)) {
      return service;
    }
    return { ...first, podName: '' };
  }

  #find(
    end: KernelEnd,
    protocol: TransportProtocol,
    listens: boolean,
    pid: number,
    atUnixMs: number,
  ): EndpointInfo | undefined {
    const byAddress = this.#endpoints.byAddress(end.address, atUnixMs);
    if (byAddress !== undefined && (byAddress.podName !== '' || byAddress.service !== undefined)) return byAddress;
    const isHost = byAddress?.identity === HOST_IDENTITY;
    // A program in a network of its own is not at the host's address: only a container is one by itself.
    const isHere = (info: EndpointInfo | undefined) =>
      info !== undefined && (isHost || info.identity !== HOST_IDENTITY);
    const byCgroup = end.cgroupId > ROOT_CGROUP ? this.#endpoints.byCgroup?.(BigInt(end.cgroupId)) : undefined;
    if (isHere(byCgroup)) return byCgroup;
    const byProcess = pid > 0 ? this.#endpoints.byProcess?.(pid) : undefined;
    if (isHere(byProcess)) return byProcess;
    if (listens && isHost && (protocol === 'TCP' || protocol === 'UDP')) {
      const byListener = this.#endpoints.byListener?.(end.address, end.port, transportOf(protocol));
      if (byListener !== undefined) return byListener;
    }
    return byAddress;
  }
}

function transportOf(protocol: TransportProtocol): 'tcp' | 'udp' {
  return protocol === 'UDP' ? 'udp' : 'tcp';
}

function workloadKey(endpoint: EndpointInfo | undefined): string | undefined {
  const [workload] = endpoint?.workloads ?? [];
  return workload === undefined ? undefined : `${endpoint?.namespace}/${workload.kind}/${workload.name}`;
}
