// The resources of the API that Parallax reads: where they are, and what is asked for of each.

import type { KubernetesObject } from './kubernetes-object.ts';

export type ResourceName =
  | 'namespaces'
  | 'nodes'
  | 'pods'
  | 'services'
  | 'endpointslices'
  | 'replicasets'
  | 'jobs'
  | 'networkpolicies'
  | 'ciliumnetworkpolicies'
  | 'ciliumclusterwidenetworkpolicies'
  | 'ciliumcidrgroups'
  | 'ciliumidentities'
  | 'clusternetworkpolicies';

export interface Resource {
  readonly name: ResourceName;
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: KubernetesObject['kind'];
  /** Names and labels are all that is asked for, so that is all that is sent. */
  readonly metadataOnly: boolean;
  /** Exists only where something was installed. */
  readonly isOptional: boolean;
  /** What is missing without it: a clause that follows "without them ". */
  readonly use: string;
}

const policyUse = 'flows are not judged by them';

export const resources: Readonly<Record<ResourceName, Resource>> = {
  namespaces: of('namespaces', '', 'v1', 'Namespace', 'identities and policies lack the labels of namespaces', {
    metadataOnly: true,
  }),
  nodes: of('nodes', '', 'v1', 'Node', 'nodes and zones have no names'),
  pods: of('pods', '', 'v1', 'Pod', 'ends of flows have no names'),
  services: of('services', '', 'v1', 'Service', "services' addresses have no names"),
  endpointslices: of(
    'endpointslices',
    'discovery.k8s.io',
    'v1',
    'EndpointSlice',
    "the pods behind services' addresses are not known",
  ),
  replicasets: of('replicasets', 'apps', 'v1', 'ReplicaSet', 'Deployments are guessed from names', {
    metadataOnly: true,
  }),
  jobs: of('jobs', 'batch', 'v1', 'Job', 'CronJobs are guessed from names', { metadataOnly: true }),
  networkpolicies: of('networkpolicies', 'networking.k8s.io', 'v1', 'NetworkPolicy', policyUse),
  ciliumnetworkpolicies: cilium('ciliumnetworkpolicies', 'CiliumNetworkPolicy', policyUse),
  ciliumclusterwidenetworkpolicies: cilium(
    'ciliumclusterwidenetworkpolicies',
    'CiliumClusterwideNetworkPolicy',
    policyUse,
  ),
  ciliumcidrgroups: cilium('ciliumcidrgroups', 'CiliumCIDRGroup', 'policies that name them are not complete'),
  ciliumidentities: cilium('ciliumidentities', 'CiliumIdentity', "identity numbers are not Cilium's"),
  clusternetworkpolicies: of(
    'clusternetworkpolicies',
    'policy.networking.k8s.io',
    'v1alpha2',
    'ClusterNetworkPolicy',
    policyUse,
    { isOptional: true },
  ),
};

function of(
  name: ResourceName,
  group: string,
  version: string,
  kind: Resource['kind'],
  use: string,
  { metadataOnly = false, isOptional = false } = {},
): Resource {
  return { name, group, version, kind, metadataOnly, isOptional, use };
}

function cilium(name: ResourceName, kind: Resource['kind'], use: string): Resource {
  return of(name, 'cilium.io', 'v2', kind, use, { isOptional: true });
}

/** "/apis/apps/v1/replicasets", of all namespaces. */
export function pathOf({ group, version, name }: Resource): string {
  return group === '' ? `/api/${version}/${name}` : `/apis/${group}/${version}/${name}`;
}

/** "replicasets.apps", as kubectl and RBAC errors have it. */
export function fullNameOf({ group, name }: Resource): string {
  return group === '' ? name : `${name}.${group}`;
}

export function apiVersionOf({ group, version }: Resource): string {
  return group === '' ? version : `${group}/${version}`;
}

/** The Accept header of a list or a watch; a server that cannot send metadata alone sends the whole. */
export function acceptOf({ metadataOnly }: Resource, verb: 'list' | 'watch'): string {
  if (!metadataOnly) return 'application/json';
  const as = verb === 'list' ? 'PartialObjectMetadataList' : 'PartialObjectMetadata';
  return `application/json;as=${as};g=meta.k8s.io;v=v1,application/json`;
}
