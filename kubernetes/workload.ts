// The workload of a pod: its controller, seen through ReplicaSets and Jobs to what people deployed. Same heuristic as
// Cilium's (pkg/k8s/utils/workload.go), except that an owner's own object, where known, says better than its name.
import type { Workload } from '#proto/gen/flow/flow.ts';
import type { ObjectMeta } from './kubernetes-object.ts';

/** `controllers`: of the ReplicaSets and Jobs of the pod's namespace that are known, by "kind/name". */
export function workloadOfPod(
  pod: ObjectMeta,
  controllers: ReadonlyMap<string, ObjectMeta['controller']>,
): Workload | undefined {
  const { controller } = pod;
  if (!controller) return undefined;
  const { kind, name } = controller;
  const owner = controllers.get(`${kind}/${name}`);
  if (owner !== undefined) return { ...owner };
  switch (kind) {
    case 'ReplicaSet': {
      if (controllers.has(`${kind}/${name}`)) return { kind, name };
      const hash = pod.labels.get('pod-template-hash');
      return hash && name.endsWith(`-${hash}`)
        ? { kind: 'Deployment', name: name.slice(0, -hash.length - 1) }
        : { kind, name };
    }
    case 'Job': {
      if (controllers.has(`${kind}/${name}`)) return { kind, name };
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
