// Who is at an address, as the flows of all observers told: a proxy logs addresses only. Fed with each end that the relay
// describes for its map, so it costs nothing a flow.

import type { EndpointDescription } from '#observer/endpoint-dictionary.ts';
import type { Endpoint } from '#proto/gen/flow/flow.ts';

/** Addresses kept, some 500 bytes each; the one not described for longest is forgotten. */
const defaultMaxEnds = 65_536;

export class KnownEnds {
  readonly #maxEnds: number;
  readonly #byAddress = new Map<string, Endpoint>();

  constructor(maxEnds = defaultMaxEnds) {
    this.#maxEnds = maxEnds;
  }

  note({ ip, endpoint }: EndpointDescription): void {
    if (ip === '' || endpoint === undefined) return;
    const known = this.#byAddress.get(ip);
    // An observer far from a pod knows less of it than its own node: a better name is not given up for a worse.
    if (known !== undefined && weight(known) > weight(endpoint)) return;
    this.#byAddress.delete(ip);
    this.#byAddress.set(ip, endpoint);
    if (this.#byAddress.size <= this.#maxEnds) return;
    for (const oldest of this.#byAddress.keys()) {
      this.#byAddress.delete(oldest);
      return;
    }
  }

  at(ip: string): Endpoint | undefined {
    return this.#byAddress.get(ip);
  }
}

function weight({ podName, workloads, namespace }: Endpoint): number {
  return (podName === '' ? 0 : 4) + (workloads.length === 0 ? 0 : 2) + (namespace === '' ? 0 : 1);
}
