// Identity numbers and labels: the reserved ones of Cilium, and ours for label sets.
//
// A number of ours is 256 + a hash of the cluster and the identity labels, within 16 bits and above what Cilium reserves
// (0-255), so that nodes agree on it without talking to each other. Two label sets can collide: with 100 sets in a cluster
// some pair does with 7 % chance, a given one of 1000 with 1.5 %. So labels tell endpoints apart and numbers only hint.
// Clusters are told apart by cluster_name, not by the number's high bits.
import type { EndpointInfo } from './endpoint-info.ts';

export type ReservedIdentity =
  | 'host'
  | 'world'
  | 'unmanaged'
  | 'health'
  | 'init'
  | 'remote-node'
  | 'kube-apiserver'
  | 'ingress';

const RESERVED_NUMBERS: Readonly<Record<ReservedIdentity, number>> = {
  host: 1,
  world: 2,
  unmanaged: 3,
  health: 4,
  init: 5,
  'remote-node': 6,
  'kube-apiserver': 7,
  ingress: 8,
};

const FIRST_NUMBER = 256;
const LAST_NUMBER = 65535;

/**
 * The endpoint of a reserved identity. Several names make one endpoint with several labels (an API server outside the
 * cluster is kube-apiserver and world); the first gives the number.
 */
export function reservedEndpoint(name: ReservedIdentity, ...also: readonly ReservedIdentity[]): EndpointInfo {
  return {
    identity: RESERVED_NUMBERS[name],
    // Cilium leaves the cluster name of reserved endpoints empty.
    clusterName: '',
    namespace: '',
    labels: [name, ...also].map((label) => `reserved:${label}`).sort(),
    podName: '',
    workloads: [],
    service: undefined,
  };
}

/** Stable over restarts and nodes for the same cluster and labels, in any order. */
export function identityOfLabels(clusterName: string, labels: readonly string[]): number {
  let hash = 0x811c9dc5;
  for (const text of [clusterName, ...labels.toSorted()]) {
    for (const byte of Buffer.from(`${text}\0`)) hash = Math.imul(hash ^ byte, 0x01000193);
  }
  // FNV's low bits mix poorly with a modulus alone.
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  hash ^= hash >>> 12;
  return FIRST_NUMBER + ((hash >>> 0) % (LAST_NUMBER - FIRST_NUMBER + 1));
}
