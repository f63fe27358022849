// What supervisor and pod say to each other over Node's IPC channel. Both ends are this checkout: no versions.
import type { EdgeTruth } from '../state.ts';
import type { Edge, Protocol, Server, WorkloadKey } from '../topology.ts';

export interface PodConfiguration {
  readonly workload: WorkloadKey;
  readonly servers: readonly Server[];
  /** What this pod's edges speak: loaded before it serves, since loading later would stall its answers. */
  readonly clients: readonly Protocol[];
  /** For TLS servers, and as the authority TLS clients trust. */
  readonly certificate: { readonly certFile: string; readonly keyFile: string };
  /** Null when there is no DNS pod: names then come from `addresses`. */
  readonly nameserver: string | null;
  readonly addresses: Readonly<Record<string, readonly string[]>>;
  /** Whose requests to count at the server, by source address, because their client is not ours. */
  readonly countedSources: Readonly<Record<string, WorkloadKey>>;
  readonly seed: number;
}

/** `rate` is this replica's share in requests a second; 0 leaves the edge silent until a burst. */
export type ToPod =
  | { readonly type: 'configure'; readonly configuration: PodConfiguration }
  | { readonly type: 'startEdge'; readonly edge: Edge; readonly rate: number }
  | { readonly type: 'burst'; readonly id: number; readonly edge: Edge; readonly requests: number };

export interface BurstOutcome {
  readonly sent: number;
  readonly answered: number;
  readonly unanswered: number;
  readonly statuses: Readonly<Record<string, number>>;
}

export type FromPod =
  | { readonly type: 'listening' }
  | { readonly type: 'failed'; readonly reason: string }
  | { readonly type: 'counts'; readonly edges: readonly EdgeTruth[] }
  | { readonly type: 'burstDone'; readonly id: number; readonly outcome: BurstOutcome };
