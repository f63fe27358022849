// Keeps the kernel half's set of UDP ports that are this host's tunnels: their outer packets carry what is seen inside.

import { checkResult, libbpf } from './libbpf.ts';

const PRESENT = Buffer.from([1, 0, 0, 0]);

export class TunnelPorts {
  readonly #mapFd: number;
  /** Port by interface index. */
  readonly #ports = new Map<number, number>();

  constructor(mapFd: number) {
    this.#mapFd = mapFd;
  }

  /** `port` undefined: the interface is no tunnel, or gone. */
  note(interfaceIndex: number, port: number | undefined): void {
    const before = this.#ports.get(interfaceIndex);
    if (before === port) return;
    if (port === undefined) this.#ports.delete(interfaceIndex);
    else {
      this.#ports.set(interfaceIndex, port);
      checkResult(libbpf().update(this.#mapFd, portKey(port), PRESENT, 0), `noting UDP port ${port} as a tunnel's`);
    }
    const isLeft = before !== undefined && ![...this.#ports.values()].includes(before);
    if (isLeft) libbpf().remove(this.#mapFd, portKey(before));
  }
}

/** As in a packet, widened to the map's key. */
function portKey(port: number): Buffer {
  const key = Buffer.alloc(4);
  key.writeUInt16BE(port);
  return key;
}
