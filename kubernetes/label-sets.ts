// Sets of identity labels, one object for each whatever number of pods has it, and the identity number of each: the one of
// its CiliumIdentity where the cluster has Cilium, else a hash.

import { identityOfLabels } from './identities.ts';
import type { CiliumIdentityObject } from './kubernetes-object.ts';

/** Beyond, sets are forgotten all at once and made anew: 1 KB each, 50 MB. */
const maxSets = 50_000;

export interface LabelSet {
  /** Sorted, each "k8s:key=value". */
  readonly labels: readonly string[];
  /** 0 where the cluster has Cilium and it has told none for these labels. */
  identity: number;
  /** False once its number may be another. */
  isCurrent: boolean;
}

export class LabelSets {
  readonly #clusterName: string;
  readonly #sets = new Map<string, LabelSet>();
  /** Numbers of Cilium's, by labels. */
  readonly #numbers = new Map<string, number>();

  constructor(clusterName: string) {
    this.#clusterName = clusterName;
  }

  /** @param labels sorted */
  of(labels: readonly string[]): LabelSet {
    const key = labels.join('\0');
    const known = this.#sets.get(key);
    if (known !== undefined) return known;
    if (this.#sets.size >= maxSets) this.#forget();
    const identity =
      this.#numbers.size > 0 ? (this.#numbers.get(key) ?? 0) : identityOfLabels(this.#clusterName, labels);
    const set = { labels, identity, isCurrent: true };
    this.#sets.set(key, set);
    return set;
  }

  learn({ labels, identity }: CiliumIdentityObject): void {
    const key = labels.join('\0');
    const isFirst = this.#numbers.size === 0;
    this.#numbers.set(key, identity);
    if (isFirst) this.#forget();
    else this.#forgetOne(key);
  }

  unlearn({ labels, identity }: CiliumIdentityObject): void {
    const key = labels.join('\0');
    // Two numbers for one set are possible while Cilium settles; the other one may stand here.
    if (this.#numbers.get(key) !== identity) return;
    this.#numbers.delete(key);
    if (this.#numbers.size === 0) this.#forget();
    else this.#forgetOne(key);
  }

  #forget(): void {
    for (const set of this.#sets.values()) set.isCurrent = false;
    this.#sets.clear();
  }

  #forgetOne(key: string): void {
    const set = this.#sets.get(key);
    if (set !== undefined) set.isCurrent = false;
    this.#sets.delete(key);
  }
}
