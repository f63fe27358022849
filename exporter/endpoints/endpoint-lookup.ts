// What an address is: the one question the exporter asks of every source of names, and how answers of several sources
// are laid over each other.
import type { EndpointInfo } from '#kubernetes/endpoint-info.ts';

export interface EndpointLookup {
  /**
   * `address` in canonical text; `atUnixMs` resolves addresses that moved between pods (absent: now). Undefined if this
   * source does not know.
   */
  byAddress(address: string, atUnixMs?: number): EndpointInfo | undefined;
  /** By cgroup v2 directory inode. */
  byCgroup?(cgroupId: bigint): EndpointInfo | undefined;
  /** By process, for kernel events that name one. */
  byProcess?(pid: number): EndpointInfo | undefined;
  /** By the local port that a server listens on, on an address of this host. */
  byListener?(address: string, port: number, protocol: 'tcp' | 'udp'): EndpointInfo | undefined;
}

/** The first source that knows wins, so put the most specific first: pods, host processes, reserved identities. */
export function composeLookups(...sources: readonly EndpointLookup[]): Required<EndpointLookup> {
  return {
    byAddress: (address, atUnixMs) => first(sources, (source) => source.byAddress(address, atUnixMs)),
    byCgroup: (cgroupId) => first(sources, (source) => source.byCgroup?.(cgroupId)),
    byProcess: (pid) => first(sources, (source) => source.byProcess?.(pid)),
    byListener: (address, port, protocol) => first(sources, (source) => source.byListener?.(address, port, protocol)),
  };
}

function first(
  sources: readonly EndpointLookup[],
  ask: (source: EndpointLookup) => EndpointInfo | undefined,
): EndpointInfo | undefined {
  for (const source of sources) {
    const found = ask(source);
    if (found) return found;
  }
  return undefined;
}
