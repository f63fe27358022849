// The labels that make an endpoint's identity, as Cilium derives them from a pod and its namespace with its default filter
// (pkg/labelsfilter): labels that differ between replicas of a workload are left out.

const NAMESPACE_LABEL = 'io.kubernetes.pod.namespace';
const KEPT_PREFIX = 'app.kubernetes.io/';
const LEFT_OUT: readonly RegExp[] = [
  /^(?:[^/]+\.)?kubernetes\.io\//,
  /^(?:[^/]+\.)?k8s\.io\//,
  /^io\.kubernetes(?:\.|\/|$)/,
  /^io\.cilium\.k8s\./,
  /^(?:pod-template-hash|pod-template-generation|controller-revision-hash|controller-uid|job-name|etcd_node)$/,
  /^annotation\./,
];

/** Sorted, each "k8s:key=value". */
export function securityLabels(
  clusterName: string,
  namespace: string,
  podLabels: ReadonlyMap<string, string>,
  namespaceLabels: ReadonlyMap<string, string>,
  serviceAccount: string,
): string[] {
  const labels: string[] = [];
  for (const [key, value] of podLabels) {
    if (key.startsWith(KEPT_PREFIX) || !LEFT_OUT.some((pattern) => pattern.test(key)))
      labels.push(`k8s:${key}=${value}`);
  }
  for (const [key, value] of namespaceLabels) labels.push(`k8s:io.cilium.k8s.namespace.labels.${key}=${value}`);
  if (serviceAccount !== '') labels.push(`k8s:io.cilium.k8s.policy.serviceaccount=${serviceAccount}`);
  labels.push(`k8s:io.cilium.k8s.policy.cluster=${clusterName}`, `k8s:${NAMESPACE_LABEL}=${namespace}`);
  return labels.sort();
}
