// The workload of a pod: its controller, seen through ReplicaSets and Jobs to what people deployed. Same heuristic as
// Cilium's (pkg/k8s/utils/workload.go), except that an owner's own object, where known, says better than its name.
import type { Workload } from '#proto/gen/flow/flow.ts';
import type { ObjectMeta } from './kubernetes-object.ts';

/** `ownerOf` finds the object of a ReplicaSet or Job of the pod's namespace, if it is known. */
export function workloadOfPod(
  pod: ObjectMeta,
  ownerOf: (kind: 'ReplicaSet' | 'Job', name: string) => ObjectMeta | undefined,
): Workload | undefined {
  const { controller } = pod;
  if (!controller) return undefined;
  const { kind, name } = controller;
  switch (kind) {
    case 'ReplicaSet': {
      const owner = ownerOf(kind, name);
      if (owner) return owner.controller ? { ...owner.controller } : { kind, name };
      const hash = pod.labels.get('pod-template-hash');
      return hash && name.endsWith(`-${hash}`)
        ? { kind: 'Deployment', name: name.slice(0, -hash.length - 1) }
        : { kind, name };
    }
    case 'Job': {
      const owner = ownerOf(kind, name);
      if (owner) return owner.controller ? { ...owner.controller } : { kind, name };
      // A CronJob names its Jobs by the scheduled minute.
      const cronJob = /^(.+)-\d{8,10}$/.exec(name)?.[1];
      return cronJob === undefined ? { kind, name } : { kind: 'CronJob', name: cronJob };
    }
    case 'ReplicationController': {
      const config = pod.labels.get('deploymentconfig');
      return config === undefined ? { kind, name } : { kind: 'DeploymentConfig', name: config };
    }
    default:
      return { kind, name };
  }
}
