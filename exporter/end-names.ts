// Names the two ends of a flow: which endpoint an address, socket or process is. The most specific source first; what
// none knows stays an address.

import type { Endpoint, Service } from '#proto/gen/flow/flow.ts';
import type { Process } from '#proto/gen/parallax/v1/flow_details.ts';
import { type EndpointInfo, type EndpointLookup, toFlowEndpoint } from './endpoints/endpoint-lookup.ts';
import type { Backend, ServicePort } from './endpoints/service-directory.ts';
import type { SocketAddress, TransportProtocol } from './kernel/kernel-record.ts';
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
  readonly endpoint: Endpoint | undefined;
  /** Set where the address is a service's, or was dialled as one. */
  readonly service: Service | undefined;
  readonly process: Process | undefined;
}

export class EndNames {
  readonly #endpoints: EndpointLookup;
  readonly #sockets: SocketTable;

  constructor(endpoints: EndpointLookup, sockets: SocketTable) {
    this.#endpoints = endpoints;
    this.#sockets = sockets;
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
    const cgroupId = end.cgroupId || socket?.cgroupId || 0;
    const process =
      socket === undefined || socket.pid === 0
        ? undefined
        : {
            pid: socket.pid,
            command: socket.command,
            executable: '',
            containerId: '',
            unit: '',
            cgroupId: BigInt(cgroupId),
          };
    const named = info?.service === undefined ? info : this.#behind(info, dialled?.backends ?? [], atUnixMs);
    return {
      endpoint: named === undefined ? undefined : toFlowEndpoint(named),
      service: dialled?.service ?? info?.service,
      process,
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
    const byCgroup = end.cgroupId > ROOT_CGROUP ? this.#endpoints.byCgroup?.(BigInt(end.cgroupId)) : undefined;
    if (byCgroup !== undefined) return byCgroup;
    const byProcess = pid > 0 ? this.#endpoints.byProcess?.(pid) : undefined;
    if (byProcess !== undefined) return byProcess;
    if (listens && byAddress?.identity === HOST_IDENTITY && (protocol === 'TCP' || protocol === 'UDP')) {
      const transport = protocol === 'TCP' ? 'tcp' : 'udp';
      const byListener = this.#endpoints.byListener?.(end.address, end.port, transport);
      if (byListener !== undefined) return byListener;
    }
    return byAddress;
  }
}

function workloadKey(endpoint: EndpointInfo | undefined): string | undefined {
  const [workload] = endpoint?.workloads ?? [];
  return workload === undefined ? undefined : `${endpoint?.namespace}/${workload.kind}/${workload.name}`;
}
