// Names the two ends of a flow: which endpoint an address, socket or process is. The most specific source first; what
// none knows stays an address.

import type { Endpoint, Service } from '#proto/gen/flow/flow.ts';
import type { Process } from '#proto/gen/parallax/v1/flow_details.ts';
import { type EndpointInfo, type EndpointLookup, toFlowEndpoint } from './endpoints/endpoint-lookup.ts';
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
  /** Set where the address is a service's. */
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

  /** `listens`: the end may be a server, so that its port can name the program. */
  nameEnd(end: KernelEnd, protocol: TransportProtocol, listens: boolean, atUnixMs: number): NamedEnd {
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
    return {
      endpoint: info === undefined || info.service !== undefined ? undefined : toFlowEndpoint(info),
      service: info?.service,
      process,
    };
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
