// One row of the flow table: what the views read of a flow, as plain values. A request and its response are one row.

export type RowVerdict =
  | 'forwarded'
  | 'dropped'
  | 'error'
  | 'audit'
  | 'redirected'
  | 'translated'
  | 'traced'
  | 'unknown';

/** How the exchange ended: `client` and `server` are errors by whose fault they are. */
export type Outcome = 'ok' | 'client' | 'server' | 'pending' | 'none';

export interface RowEndpoint {
  readonly cluster: string;
  readonly namespace: string;
  /** Workload where known, else pod, DNS name, reserved word or address: what the map calls it. */
  readonly name: string;
  readonly pod: string;
  readonly ip: string;
  readonly port: number;
  /** Command of the process behind it; empty where no node told. */
  readonly process: string;
}

export interface FlowRow {
  /** Absolute number of the row in its session: never reused, so it names the row while others come and go. */
  readonly seq: number;
  readonly uuid: string;
  /** Unix milliseconds, with fractions. */
  readonly timeMs: number;
  readonly source: RowEndpoint;
  readonly destination: RowEndpoint;
  /** HTTP method or name of the protocol: "GET", "gRPC", "REDIS", "DNS", "TCP". */
  readonly method: string;
  /** Path, command, query or TCP flags. */
  readonly request: string;
  /** Status as the protocol says it: "201", "NXDOMAIN"; empty where there is none. */
  readonly status: string;
  readonly outcome: Outcome;
  readonly verdict: RowVerdict;
  /** Name of the kernel's or Cilium's drop reason; empty unless dropped. */
  readonly dropReason: string;
  /** Policies that denied it, "namespace/name"; empty where none did or none is known. */
  readonly deniedBy: string;
  /** What policy says of the verdict, in one sentence; empty where the relay knows no policies. */
  readonly why: string;
  /** Microseconds from request to response; -1 where unknown. */
  readonly latencyUs: number;
  /** Bytes both ways that this flow reports; -1 where unknown. */
  readonly bytes: number;
  readonly node: string;
  /** The proxy whose access log told of it; empty where packets did. */
  readonly loggedBy: string;
  /** True where the packet went from destination to source; the row still names the opener as source. */
  readonly isReply: boolean;
}
