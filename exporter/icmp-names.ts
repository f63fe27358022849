// ICMP types and codes in the words that Hubble's metrics use (those of the gopacket library).
// Numbers: IANA's registries "ICMP Parameters" and "ICMPv6 Parameters".

interface TypeName {
  readonly name: string;
  /** By code; undefined: the type has none. */
  readonly codes?: readonly string[];
}

const V4: ReadonlyMap<number, TypeName> = new Map<number, TypeName>([
  [0, { name: 'EchoReply' }],
  [
    3,
    {
      name: 'DestinationUnreachable',
      codes: [
        ...['Net', 'Host', 'Protocol', 'Port', 'FragmentationNeeded', 'SourceRoutingFailed', 'NetUnknown'],
        ...['HostUnknown', 'SourceIsolated', 'NetAdminProhibited', 'HostAdminProhibited', 'NetTOS', 'HostTOS'],
        ...['CommAdminProhibited', 'HostPrecedence', 'PrecedenceCutoff'],
      ],
    },
  ],
  [4, { name: 'SourceQuench' }],
  [5, { name: 'Redirect', codes: ['Net', 'Host', 'TOS+Net', 'TOS+Host'] }],
  [8, { name: 'EchoRequest' }],
  [9, { name: 'RouterAdvertisement' }],
  [10, { name: 'RouterSolicitation' }],
  [11, { name: 'TimeExceeded', codes: ['TTLExceeded', 'FragmentReassemblyTimeExceeded'] }],
  [12, { name: 'ParameterProblem', codes: ['PointerIndicatesError', 'MissingOption', 'BadLength'] }],
  [13, { name: 'TimestampRequest' }],
  [14, { name: 'TimestampReply' }],
  [15, { name: 'InfoRequest' }],
  [16, { name: 'InfoReply' }],
  [17, { name: 'AddressMaskRequest' }],
  [18, { name: 'AddressMaskReply' }],
]);

const V6: ReadonlyMap<number, TypeName> = new Map<number, TypeName>([
  [
    1,
    {
      name: 'DestinationUnreachable',
      codes: [
        ...['NoRouteToDst', 'AdminProhibited', 'BeyondScopeOfSrc', 'AddressUnreachable', 'PortUnreachable'],
        ...['SrcAddressFailedPolicy', 'RejectRouteToDst'],
      ],
    },
  ],
  [2, { name: 'PacketTooBig' }],
  [3, { name: 'TimeExceeded', codes: ['HopLimitExceeded', 'FragmentReassemblyTimeExceeded'] }],
  [4, { name: 'ParameterProblem', codes: ['ErroneousHeader', 'UnrecognizedNextHeader', 'UnrecognizedIPv6Option'] }],
  [128, { name: 'EchoRequest' }],
  [129, { name: 'EchoReply' }],
  [133, { name: 'RouterSolicitation' }],
  [134, { name: 'RouterAdvertisement' }],
  [135, { name: 'NeighborSolicitation' }],
  [136, { name: 'NeighborAdvertisement' }],
  [137, { name: 'Redirect' }],
]);

/** "DestinationUnreachable(Port)"; a number where there is no name: "EchoRequest(Code: 3)", "200(1)". */
export function icmpTypeText(version: 4 | 6, type: number, code: number): string {
  const known = (version === 4 ? V4 : V6).get(type);
  if (known === undefined) return `${type}(${code})`;
  if (known.codes === undefined && code === 0) return known.name;
  return `${known.name}(${known.codes?.[code] ?? `Code: ${code}`})`;
}
