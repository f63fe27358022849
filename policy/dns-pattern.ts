// matchName and matchPattern of Cilium's toFQDNs and DNS rules. `*` stands within one label; a leading `**.` for any number of them.
// Patterns are written by whoever may write a policy, names come from the network: so no regular expression, in which a
// few `*` take time without end, but one walk a label.

/** @returns a test for a name with or without a trailing dot, or undefined if the text is no name or pattern. */
export function compileDnsPattern(text: string, isName: boolean): ((name: string) => boolean) | undefined {
  const wanted = normalise(text);
  if (wanted === '' || wanted.length > 255) return undefined;
  if (isName) return /^[-a-z0-9_.]+$/.test(wanted) ? (name) => normalise(name) === wanted : undefined;
  if (!/^[-a-z0-9_.*]+$/.test(wanted)) return undefined;
  if (wanted === '*') return () => true;
  const isDeep = wanted.startsWith('**.');
  const patterns = (isDeep ? wanted.slice(3) : wanted).split('.');
  return (name) => {
    const told = normalise(name);
    if (!/^[-a-z0-9_.]*$/.test(told)) return false;
    const labels = told.split('.');
    const before = labels.length - patterns.length;
    if (isDeep ? before < 1 || labels.slice(0, before).includes('') : before !== 0) return false;
    return patterns.every((pattern, index) => matchesLabel(pattern, labels[before + index] ?? ''));
  };
}

/** `*` takes as little as it can, and one more each time that what follows does not fit: at most a walk for each `*`. */
function matchesLabel(pattern: string, label: string): boolean {
  let at = 0;
  let star = -1;
  let taken = 0;
  for (let i = 0; i < label.length; ) {
    if (pattern[at] === '*') {
      star = at;
      at += 1;
      taken = i;
    } else if (pattern[at] === label[i]) {
      at += 1;
      i += 1;
    } else if (star >= 0) {
      at = star + 1;
      taken += 1;
      i = taken;
    } else return false;
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}

function normalise(name: string): string {
  return name.trim().toLowerCase().replace(/\.$/, '');
}
