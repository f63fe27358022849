// matchName and matchPattern of Cilium's toFQDNs and DNS rules. `*` stands within one label; a leading `**.` for any number of them.

/** @returns a test for a name with or without a trailing dot, or undefined if the text is no name or pattern. */
export function compileDnsPattern(text: string, isName: boolean): ((name: string) => boolean) | undefined {
  const wanted = normalise(text);
  if (wanted === '' || wanted.length > 255) return undefined;
  if (isName) return /^[-a-z0-9_.]+$/.test(wanted) ? (name) => normalise(name) === wanted : undefined;
  if (!/^[-a-z0-9_.*]+$/.test(wanted)) return undefined;
  if (wanted === '*') return () => true;
  const expression = wanted
    .replace(/^\*\*\./, '\u0000')
    .replace(/[.]/g, '[.]')
    .replace(/\*+/g, '[-a-z0-9_]*')
    .replace('\u0000', '([-a-z0-9_]+[.])+');
  // Built from a checked alphabet; no nested repetition over the same characters, so matching is linear in practice.
  const compiled = new RegExp(`^${expression}$`);
  return (name) => compiled.test(normalise(name));
}

function normalise(name: string): string {
  return name.trim().toLowerCase().replace(/\.$/, '');
}
