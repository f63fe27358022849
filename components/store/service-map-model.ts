// The service map as the views read it: plain numbers, keyed by id. Owned by the store; views never write it.
// Comes from parallax.v1.ServiceMap, whose figures are totals over the window, counted once.

export type MapVertexKind = 'workload' | 'external' | 'reserved' | 'host-process' | 'other';

export interface MapVertex {
  readonly id: string;
  readonly kind: MapVertexKind;
  readonly cluster: string;
  readonly namespace: string;
  readonly name: string;
  readonly workloadKind: string;
  readonly labels: readonly string[];
  readonly pods: number;
  /** Equal for parts of one service in several clusters; absent for all others. */
  readonly sharedId?: string;
  /** In a map of pods or processes what it is a part of; empty else. */
  readonly workloadId: string;
  readonly workload: string;
  readonly pod: string;
}

/** Totals over the window; divide by `ServiceMapModel.coveredMs` for rates. */
export interface MapEdge {
  readonly id: string;
  readonly sourceId: string;
  readonly destinationId: string;
  readonly destinationPort: number;
  readonly protocol: string;
  readonly l7Protocol: string;
  readonly flows: number;
  readonly connections: number;
  readonly forwarded: number;
  readonly dropped: number;
  readonly requests: number;
  readonly responses: number;
  readonly errorsClient: number;
  readonly errorsServer: number;
  /** `firstSeenMs`: Unix milliseconds; 0 where the relay does not tell. */
  readonly drops: readonly { readonly reason: string; readonly count: number; readonly firstSeenMs: number }[];
  /** Response counts; bucket i covers [2^(i/2), 2^((i+1)/2)) microseconds. */
  readonly latencyHistogram: readonly number[];
  readonly bytes: number;
  readonly view: 'ingress' | 'egress' | 'unknown';
  /** The proxy that carried its requests, in words; absent where no access log told. */
  readonly mesh?: string;
  /** True where requests, errors and latency come from a proxy's log: no packets told them. */
  readonly isFromAccessLog?: boolean;
  /** Unix milliseconds; the first without a pause longer than the relay remembers, 0 where it does not tell. */
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
}

export interface ServiceMapModel {
  readonly vertices: ReadonlyMap<string, MapVertex>;
  readonly edges: ReadonlyMap<string, MapEdge>;
  readonly windowSeconds: number;
  /** Share of the window for which data exists, milliseconds. */
  readonly coveredMs: number;
  /** True if keys were folded into "other" because a bound was reached. */
  readonly folded: boolean;
  /** True if summed up from the flows that the relay keeps, since it does not count apart what the filter asks for. */
  readonly isFromFlows?: boolean;
  /** Grows when a vertex or edge appears or leaves; unchanged when only figures moved. */
  readonly topologyRevision: number;
}
