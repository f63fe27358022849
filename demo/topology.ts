// The words the demo's description is written in: workloads, what they answer, and who asks whom for what.
// Types only; cluster.ts is the description, plan.ts gives it addresses.

/** `namespace/name`. The namespace `internet` is no Kubernetes namespace: it stands for the world outside. */
export type WorkloadKey = `${string}/${string}`;

/** What speaks on an edge. `https` is HTTP/1.1 in TLS with SNI; `http2` is cleartext with prior knowledge. */
export type Protocol = 'http1' | 'http2' | 'https' | 'grpc' | 'redis' | 'postgres' | 'dns';

/** One possible answer; `status` is an HTTP status or a gRPC code, `weight` its share among its siblings. */
export interface Outcome {
  readonly status: number;
  readonly weight: number;
  readonly delayMs: number;
}

/** Requests whose path starts with `path` get one of `outcomes`; the first match of a server's list wins. */
export interface Answer {
  readonly path: string;
  readonly outcomes: readonly Outcome[];
}

/** A port a Node pod listens on. */
export interface Server {
  readonly protocol: 'http1' | 'http2' | 'https' | 'grpc';
  readonly port: number;
  readonly answers: readonly Answer[];
  /** Passes every request on to port 8080 of this workload instead of answering. */
  readonly forwardTo?: WorkloadKey;
}

/** What runs in a pod: our own small Node services, or a program of the machine. */
export type Program =
  | { readonly kind: 'node'; readonly servers: readonly Server[] }
  | { readonly kind: 'nginx' | 'dnsmasq' | 'redis' | 'postgres'; readonly port: number };

/** `port` is the service's, `targetPort` the pod's; without `clusterIp` the service is headless. */
export interface ServicePlan {
  readonly port: number;
  readonly targetPort: number;
  readonly transport: 'TCP' | 'UDP';
  readonly clusterIp?: string;
}

export interface Workload {
  readonly key: WorkloadKey;
  readonly kind: 'Deployment' | 'StatefulSet' | 'External';
  readonly replicas: number;
  readonly program: Program;
  readonly service?: ServicePlan;
  /** Also has an address of fd00:10:244::/48, and its service an AAAA record. */
  readonly hasIpv6?: boolean;
}

/** What is asked: `GET /path`, a gRPC method path, a Redis command, an SQL statement or a DNS name. */
export interface Call {
  readonly ask: string;
  readonly weight: number;
}

export interface Edge {
  readonly from: WorkloadKey;
  readonly to: WorkloadKey;
  readonly protocol: Protocol;
  /** The port the client dials: the service's. */
  readonly port: number;
  /** Mean over all replicas of `from`, at rate factor 1. */
  readonly perSecond: number;
  /** `steady`: exponential gaps; `bursty`: the same mean in one volley every 8 s. */
  readonly shape: 'steady' | 'bursty';
  readonly connection: 'keep-alive' | 'per-request';
  readonly calls: readonly Call[];
  readonly family?: 'IPv6';
}
