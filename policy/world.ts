// What policies are evaluated against: the pods, nodes and namespaces of a cluster, as plain values. Comes from Kubernetes,
// from files, or from a test; nothing here is fetched.

export interface NamedPort {
  readonly name: string;
  readonly port: number;
  /** TCP, UDP or SCTP. */
  readonly protocol: string;
}

export interface WorldNamespace {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface WorldPod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly addresses: readonly string[];
  readonly namedPorts: readonly NamedPort[];
  /** Default "default". */
  readonly serviceAccount?: string;
}

export interface WorldNode {
  readonly name: string;
  readonly addresses: readonly string[];
  /** The node on which the evaluated pod runs. */
  readonly local: boolean;
  /** The API server runs here. */
  readonly kubeApiserver: boolean;
}

export interface WorldService {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Addresses of its backends. */
  readonly backends: readonly string[];
  /** Its own addresses, where flows may lead to them. */
  readonly addresses?: readonly string[];
  readonly ports?: readonly ServicePort[];
}

export interface ServicePort {
  readonly protocol: string;
  readonly port: number;
  /** Number of the backend's port, or a name of its container. */
  readonly targetPort: number | string;
}

export interface World {
  /** Name of the cluster; default "default". */
  readonly cluster: string;
  readonly namespaces: readonly WorldNamespace[];
  readonly pods: readonly WorldPod[];
  readonly nodes: readonly WorldNode[];
  readonly services: readonly WorldService[];
  /** Addresses of API servers outside the cluster. */
  readonly kubeApiservers: readonly string[];
}

export const emptyWorld: World = {
  cluster: 'default',
  namespaces: [],
  pods: [],
  nodes: [],
  services: [],
  kubeApiservers: [],
};
