// What an endpoint is called: the answer to "whose address is this", in the terms of a flow.

import type { Endpoint, Service, Workload } from '#proto/gen/flow/flow.ts';

export interface EndpointInfo {
  /** Numeric identity as flow.Endpoint has it; identities.ts tells how numbers are chosen. */
  readonly identity: number;
  /** "default" unless configured. */
  readonly clusterName: string;
  /** Empty outside Kubernetes. */
  readonly namespace: string;
  /** Cilium form, sorted: "k8s:app=web", "reserved:world". */
  readonly labels: readonly string[];
  readonly podName: string;
  readonly workloads: readonly Workload[];
  /** Set if the address is a service's virtual address: goes to destination_service, not to destination. */
  readonly service: Service | undefined;
}

/** flow.Endpoint of a local or remote end; the endpoint ID is an agent's own number, which we do not have. */
export function toFlowEndpoint(endpoint: EndpointInfo): Endpoint {
  return {
    ID: 0,
    identity: endpoint.identity,
    clusterName: endpoint.clusterName,
    namespace: endpoint.namespace,
    labels: [...endpoint.labels],
    podName: endpoint.podName,
    workloads: [...endpoint.workloads],
  };
}
