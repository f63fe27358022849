// Security identities: numbers below 256 are reserved and have words, the others stand for a set of labels.

/** Numbers and words as in Cilium's reserved identities. */
const reservedWords: ReadonlyMap<number, string> = new Map([
  [0, 'unknown'],
  [1, 'host'],
  [2, 'world'],
  [3, 'unmanaged'],
  [4, 'health'],
  [5, 'init'],
  [6, 'remote-node'],
  [7, 'kube-apiserver'],
  [8, 'ingress'],
  [9, 'world-ipv4'],
  [10, 'world-ipv6'],
  [11, 'encrypted-overlay'],
]);

const numbersByWord: ReadonlyMap<string, number> = new Map([...reservedWords].map(([number, word]) => [word, number]));

/** The word of a reserved identity, undefined for others. */
export function reservedIdentityWord(identity: number): string | undefined {
  return reservedWords.get(identity);
}

/** Words that identityOfText knows. */
export const reservedIdentityWords: readonly string[] = [...numbersByWord.keys()];

/** "world", "reserved:world" or a decimal number to an identity; undefined for anything else. */
export function identityOfText(text: string): number | undefined {
  const reserved = numbersByWord.get(text.replace(/^reserved:/, ''));
  if (reserved !== undefined) return reserved;
  const number = /^[0-9]{1,10}$/.test(text) ? Number(text) : Number.NaN;
  return number <= 0xffff_ffff ? number : undefined;
}
