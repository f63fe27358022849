// Labels with their source, as Cilium identities carry them: "k8s:app=web", "reserved:world=". Kubernetes' own selectors read
// plain labels, which are label sets of the source "k8s" here.

export type LabelSource = 'k8s' | 'reserved' | 'cidr' | 'fqdn';

/** Order in which a key without a source is looked for. */
const sources: readonly LabelSource[] = ['k8s', 'reserved', 'cidr', 'fqdn'];

export class LabelSet {
  readonly #values: ReadonlyMap<string, string>;
  /** Equal for equal sets, so that work can be done once for all endpoints that share their labels. */
  readonly key: string;

  /** Entries are `source:key` and value. */
  constructor(entries: Iterable<readonly [string, string]>) {
    const sorted = [...entries].sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0));
    this.#values = new Map(sorted);
    this.key = sorted.map(([name, value]) => `${name}=${value}`).join('\n');
  }

  /** @param name `source:key`, or `any:key` for whatever source has it. */
  get(name: string): string | undefined {
    if (!name.startsWith('any:')) return this.#values.get(name);
    const key = name.slice('any:'.length);
    for (const source of sources) {
      const value = this.#values.get(`${source}:${key}`);
      if (value !== undefined) return value;
    }
    return undefined;
  }
}

/**
 * Labels that Cilium keeps out of identities by default, since they differ for every pod or replica: a selector that wants one
 * of them matches nothing. Source: cilium pkg/labelsfilter, v1.19.
 */
const notInIdentities = new Set([
  'pod-template-hash',
  'pod-template-generation',
  'controller-revision-hash',
  'controller-uid',
  'statefulset.kubernetes.io/pod-name',
  'batch.kubernetes.io/job-completion-index',
  'batch.kubernetes.io/controller-uid',
  'annotation.kubectl.kubernetes.io',
  'io.cilium.k8s.policy.serviceaccount.uid',
]);

export function isIdentityLabel(key: string): boolean {
  if (notInIdentities.has(key)) return false;
  return !(key.startsWith('annotation.') || key.startsWith('etcd_node') || key.endsWith('.alpha.kubernetes.io'));
}
