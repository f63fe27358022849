// protocol: names of layer 4 and layer 7 protocols, case-insensitive.

import type { Flow } from '#proto/gen/flow/flow.ts';
import { badValue } from './filter-error.ts';
import { toLower } from './unicode.ts';

/** What a name stands for: cases of Layer4.protocol and Layer7.record. */
const casesByName: ReadonlyMap<string, readonly string[]> = new Map([
  ['icmp', ['ICMPv4', 'ICMPv6']],
  ['icmpv4', ['ICMPv4']],
  ['icmpv6', ['ICMPv6']],
  ['tcp', ['TCP']],
  ['udp', ['UDP']],
  ['sctp', ['SCTP']],
  ['vrrp', ['VRRP']],
  ['igmp', ['IGMP']],
  ['dns', ['dns']],
  ['http', ['http']],
  ['kafka', ['kafka']],
]);

/** Names that a protocol filter accepts. */
export const protocolNames: readonly string[] = [...casesByName.keys()];

export function compileProtocols(names: readonly string[]) {
  const wanted = new Set(
    names.flatMap((name) => {
      const cases = casesByName.get(toLower(name));
      if (cases === undefined)
        throw badValue('protocol', name, 'is no protocol', `use one of ${protocolNames.join(', ')}`);
      return cases;
    }),
  );
  return (flow: Flow): boolean =>
    wanted.has(flow.l4?.protocol?.$case ?? '') || wanted.has(flow.l7?.record?.$case ?? '');
}
