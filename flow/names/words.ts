// Wire names (POLICY_DENIED, NETFILTER_DROP) as words on screen ("Policy denied", "Netfilter drop").

/** Words that stay as they are written here. */
const written: ReadonlyMap<string, string> = new Map(
  [
    'ARP BPF CT DSR EDT FIB ICMPv4 ICMPv6 ID IGMP IP IPv4 IPv6 L2 L3 L4 LB MAC NAT NAT46 NAT64 SID SNAT SRv6 TC TCP TTL',
    'UDP VLAN VNI XFRM',
  ]
    .join(' ')
    .split(' ')
    .map((word) => [word.toUpperCase(), word]),
);

/** First word capitalised, abbreviations kept, the rest in lower case. */
export function wordsOfName(name: string): string {
  const words = name.split('_').map((word) => written.get(word.toUpperCase()) ?? word.toLowerCase());
  const text = words.join(' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
