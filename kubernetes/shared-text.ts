// One copy of what thousands of objects repeat: names of namespaces, nodes and owners, and whole sets of labels. JSON gives
// each object its own; for 10,000 pods that is most of their memory.

/** Beyond, what was shared is forgotten all at once; objects keep theirs. 200,000 short strings take 20 MB. */
const maxShared = 200_000;

export class SharedText {
  readonly #texts = new Map<string, string>();
  readonly #labels = new Map<string, ReadonlyMap<string, string>>();

  text(value: string): string {
    const known = this.#texts.get(value);
    if (known !== undefined) return known;
    if (this.#texts.size >= maxShared) this.#texts.clear();
    this.#texts.set(value, value);
    return value;
  }

  labels(labels: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
    let key = '';
    for (const [name, value] of labels) key += `${name}\0${value}\0`;
    const known = this.#labels.get(key);
    if (known !== undefined) return known;
    if (this.#labels.size >= maxShared) this.#labels.clear();
    const shared = new Map([...labels].map(([name, value]) => [this.text(name), this.text(value)]));
    this.#labels.set(key, shared);
    return shared;
  }
}
