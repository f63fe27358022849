// toPorts and icmps of a Cilium rule.

import type { Field } from './field.ts';
import type { PortMatch } from './ports.ts';

const withPorts = ['TCP', 'UDP', 'SCTP'];

/** ICMP types by Cilium's names for them. */
const icmpTypes: Readonly<Record<'IPv4' | 'IPv6', Readonly<Record<string, number>>>> = {
  IPv4: {
    EchoReply: 0,
    DestinationUnreachable: 3,
    Redirect: 5,
    Echo: 8,
    EchoRequest: 8,
    RouterAdvertisement: 9,
    RouterSelection: 10,
    TimeExceeded: 11,
    ParameterProblem: 12,
    Timestamp: 13,
    TimestampReply: 14,
    Photuris: 40,
    ExtendedEcho: 42,
    ExtendedEchoRequest: 42,
    ExtendedEchoReply: 43,
  },
  IPv6: {
    DestinationUnreachable: 1,
    PacketTooBig: 2,
    TimeExceeded: 3,
    ParameterProblem: 4,
    EchoRequest: 128,
    EchoReply: 129,
    MulticastListenerQuery: 130,
    MulticastListenerReport: 131,
    MulticastListenerDone: 132,
    RouterSolicitation: 133,
    RouterAdvertisement: 134,
    NeighborSolicitation: 135,
    NeighborAdvertisement: 136,
    RedirectMessage: 137,
    RouterRenumbering: 138,
    ICMPNodeInformationQuery: 139,
    ICMPNodeInformationResponse: 140,
    InverseNeighborDiscoverySolicitation: 141,
    InverseNeighborDiscoveryAdvertisement: 142,
    HomeAgentAddressDiscoveryRequest: 144,
    HomeAgentAddressDiscoveryReply: 145,
    MobilePrefixSolicitation: 146,
    MobilePrefixAdvertisement: 147,
    DuplicateAddressRequestCodeSuffix: 157,
    DuplicateAddressConfirmationCodeSuffix: 158,
    ExtendedEchoRequest: 160,
    ExtendedEchoReply: 161,
  },
};

/** @returns undefined if the rule names no ports: any protocol. Lists left empty count as not named. */
export function readCiliumPorts(entry: Field): readonly PortMatch[] | undefined {
  const toPorts = entry.get('toPorts').list() ?? [];
  const icmps = entry.get('icmps').list() ?? [];
  if (toPorts.length === 0 && icmps.length === 0) return undefined;
  if (toPorts.length > 0 && icmps.length > 0) throw entry.get('icmps').error('cannot stand beside toPorts');
  return [...toPorts.flatMap(readToPorts), ...icmps.flatMap(readIcmps)];
}

function readToPorts(field: Field): PortMatch[] {
  field.warnOfOthers(['ports', 'rules', 'terminatingTLS', 'originatingTLS', 'serverNames', 'listener']);
  const ports = field.get('ports').list() ?? [];
  if (ports.length > 40) throw field.get('ports').error(`has ${ports.length} ports; Cilium takes at most 40`);
  return ports.length === 0 ? [{ kind: 'all', protocols: withPorts }] : ports.map(readPort);
}

function readPort(field: Field): PortMatch {
  field.warnOfOthers(['port', 'endPort', 'protocol']);
  const protocols = readProtocol(field.get('protocol'));
  const written = field.get('port').text() ?? (field.get('port').isSet ? String(field.get('port').value) : '0');
  const endPort = field.get('endPort').integer(0, 65535) ?? 0;
  if (!/^\d+$/.test(written)) {
    if (!/^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/.test(written))
      throw field.get('port').error(`"${written}" is neither a number nor a port name`);
    return { kind: 'named', protocols, name: written.toLowerCase() };
  }
  const from = Number(written);
  if (from > 65535) throw field.get('port').error(`${written} is above 65535`);
  if (from === 0 && endPort === 0) return { kind: 'all', protocols };
  // Cilium takes a range that ends before it begins for its first port.
  return { kind: 'range', protocols, from, to: Math.max(from, endPort) };
}

function readProtocol(field: Field): readonly string[] {
  const protocol = (field.text() ?? 'ANY').toUpperCase();
  if (protocol === 'ANY' || protocol === '') return withPorts;
  if (![...withPorts, 'ICMP', 'ICMPV6', 'VRRP', 'IGMP'].includes(protocol))
    throw field.error(`"${protocol}" is no protocol that Cilium takes here`);
  return [protocol === 'ICMPV6' ? 'ICMPv6' : protocol];
}

function readIcmps(field: Field): PortMatch[] {
  return (field.get('fields').list() ?? []).map((each) => {
    each.warnOfOthers(['family', 'type']);
    const family = each.get('family').text() ?? 'IPv4';
    if (family !== 'IPv4' && family !== 'IPv6') throw each.get('family').error(`"${family}" is neither IPv4 nor IPv6`);
    const protocols = [family === 'IPv4' ? 'ICMP' : 'ICMPv6'];
    const type = readType(each.get('type'), family);
    // Types stand where ports stand, and port 0 means any: a rule for echo replies admits every type.
    return type === 0 ? { kind: 'all', protocols } : { kind: 'icmp', protocols, type };
  });
}

function readType(field: Field, family: 'IPv4' | 'IPv6'): number {
  if (typeof field.value === 'number') return field.integer(0, 255) ?? 0;
  const text = field.text() ?? '';
  const type = /^\d+$/.test(text) ? Number(text) : icmpTypes[family][text];
  if (type === undefined || type > 255) throw field.error(`"${text}" is no ICMP type of ${family}`);
  return type;
}
