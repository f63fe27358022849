// Random kernel records for property tests: few ends, so that records meet, of every kind, with odd numbers and texts.

import fc from 'fast-check';
import { connectionId } from '../kernel/connection-ids.ts';
import type {
  ConnectionRecord,
  ConnectionSide,
  DropRecord,
  L7Record,
  SocketAddress,
  SocketRecord,
  TransportProtocol,
} from '../kernel/kernel-record.ts';
import type { L7Event, L7Message, TlsHelloMessage } from '../l7/l7-event.ts';

/** Two pods, a service's address, the host, the world, and ends of IPv6. */
const ADDRESSES = ['10.0.0.1', '10.0.0.2', '10.96.0.1', '192.0.2.1', '203.0.113.9', 'fd00::1', '2001:db8::9'];
const end = (address: string, port: number): SocketAddress => ({ address, port });
/** What connections are between: a pod and another, directly and by the service, host and world. */
const PAIRS: readonly (readonly [SocketAddress, SocketAddress])[] = [
  [end('10.0.0.1', 40_000), end('10.0.0.2', 8080)],
  [end('10.0.0.1', 40_000), end('10.96.0.1', 80)],
  [end('10.0.0.2', 40_000), end('192.0.2.1', 8080)],
  [end('192.0.2.1', 53), end('203.0.113.9', 65_535)],
  [end('2001:db8::9', 0), end('fd00::1', 80)],
];
const COOKIES = [0, 41, 42, 2 ** 40 + 3];
/** Cgroup 1 is the root, and the last is larger than 32 bits. */
const CGROUPS = [0, 1, 7, 2 ** 33];

const count = fc.oneof(fc.constant(0), fc.nat(300), fc.nat(2 ** 31), fc.nat(Number.MAX_SAFE_INTEGER));
const uint32 = fc.oneof(fc.constant(0), fc.nat(200), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
const text = fc.oneof(
  fc.constantFrom('', 'GET', 'x'.repeat(200), 'größe', '\u{1f40b}', '\ud800'),
  fc.string({ maxLength: 30 }),
);
const protocol = fc.constantFrom<TransportProtocol>(
  ...Array<TransportProtocol>(12).fill('TCP'),
  ...(['UDP', 'ICMPv4', 'ICMPv6', 'SCTP', 'OTHER'] as const),
);
const cookie = fc.constantFrom(...COOKIES);
const cgroup = fc.constantFrom(...CGROUPS);
/** Mostly from the first to the second. */
const ends = fc
  .tuple(fc.constantFrom(...PAIRS), fc.constantFrom(false, false, true))
  .map(([[one, other], isTurned]) => (isTurned ? ([other, one] as const) : ([one, other] as const)));
const versionOf = ({ address }: SocketAddress) => (address.includes(':') ? 6 : 4);

const side = fc.record({
  bytes: count,
  packets: count,
  newBytes: count,
  newPackets: count,
  tcpFlags: fc.nat(255),
  socketCookie: cookie,
  cgroupId: cgroup,
});

export const connectionRecord = fc
  .record({
    ends,
    protocol,
    sides: fc.tuple(side, side),
    reason: fc.constantFrom<ConnectionRecord['reason']>('opened', 'flags', 'flags', 'tick', 'closed', 'idle'),
    ageNs: fc.nat(10 ** 12),
    view: fc.constantFrom<ConnectionRecord['view']>('source', 'destination'),
    interfaceIndex: fc.constantFrom(0, 7, 8, 70_000),
    fromInitiator: fc.boolean(),
    packetTcpFlags: fc.nat(255),
    joinedMidway: fc.boolean(),
    icmp: fc.record({ type: fc.nat(255), code: fc.nat(255) }),
  })
  .map(({ ends: [one, other], protocol, sides, ageNs, icmp, ...rest }) => (timeBootNs: number): ConnectionRecord => {
    const isIcmp = protocol === 'ICMPv4' || protocol === 'ICMPv6';
    const sideOf = (end: SocketAddress, counted: Omit<ConnectionSide, 'address' | 'port'>): ConnectionSide => ({
      address: end.address,
      port: isIcmp ? 0 : end.port,
      ...counted,
    });
    return {
      type: 'connection',
      timeBootNs,
      openedBootNs: Math.max(0, timeBootNs - ageNs),
      connectionId: connectionId(protocol, one, other),
      protocol,
      ipVersion: versionOf(one),
      initiator: sideOf(one, sides[0]),
      responder: sideOf(other, sides[1]),
      ...(isIcmp ? { icmp } : {}),
      ...rest,
    };
  });

export const dropRecord = fc
  .record({
    ends,
    protocol,
    reason: uint32,
    reasonName: fc.constantFrom('NETFILTER_DROP', 'NO_SOCKET', 'SOCKET_RCVBUFF', ''),
    location: fc.constantFrom('0', 'ffffffff81234567'),
    symbol: fc.constantFrom('', 'nf_hook_slow'),
    tcpFlags: fc.nat(255),
    bytes: uint32,
    interfaceIndex: fc.constantFrom(0, 2),
    interfaceName: fc.constantFrom('', 'eth0'),
    networkNamespace: uint32,
    direction: fc.constantFrom<DropRecord['direction']>('ingress', 'egress', 'unknown'),
    suppressedBefore: fc.nat(2 ** 31),
  })
  .map(
    ({ ends: [source, destination], ...rest }) =>
      (timeBootNs: number): DropRecord => ({
        type: 'drop',
        timeBootNs,
        ipVersion: versionOf(source),
        source,
        destination,
        ...rest,
      }),
  );

export const socketRecord = fc
  .record({
    event: fc.constantFrom<SocketRecord['event']>('listening', 'connecting', 'connected', 'accepted', 'closed'),
    socketCookie: fc.constantFrom(...COOKIES.slice(1)),
    cgroupId: cgroup,
    pid: fc.constantFrom(0, 30, 31, 32),
    ends,
    health: fc.record({ smoothedRttUs: uint32, minimumRttUs: uint32, retransmits: uint32, connectUs: uint32 }),
    failure: fc.constantFrom<SocketRecord['failure']>(undefined, 'refused', 'timed_out', 'unreachable', 'other'),
  })
  .map(
    ({ ends: [local, remote], failure, ...rest }) =>
      (timeBootNs: number): SocketRecord => ({
        type: 'socket',
        timeBootNs,
        // A process keeps its command, as far as a test of a second goes.
        command: rest.pid === 0 ? '' : `program-${rest.pid}`,
        networkNamespace: 1,
        ipVersion: versionOf(local),
        local,
        remote,
        ...(failure === undefined ? {} : { failure }),
        ...rest,
      }),
  );

const httpMessage = fc.record({
  protocol: fc.constant('http' as const),
  version: fc.constantFrom('HTTP/1.1', 'HTTP/2'),
  method: fc.constantFrom('GET', 'POST', ''),
  url: text,
  code: fc.constantFrom(0, 200, 404, 503),
  headers: fc.array(fc.record({ key: text, value: text }), { maxLength: 3 }),
  traceId: fc.constantFrom('', '4bf92f3577b34da6a3ce929d0e0e4736'),
  grpc: fc.option(fc.record({ method: text, status: fc.option(fc.nat(20), { nil: undefined }) }), { nil: undefined }),
});
const dnsMessage = fc.record({
  protocol: fc.constant('dns' as const),
  query: fc.constantFrom('cart.shop.svc.cluster.local.', 'example.org.', '.'),
  queryType: fc.constantFrom('', 'A', 'AAAA'),
  rcode: fc.constantFrom(0, 3, 23),
  addresses: fc.subarray(ADDRESSES),
  cnames: fc.array(text, { maxLength: 2 }),
  answerTypes: fc.subarray(['A', 'AAAA', 'CNAME']),
  ttlSeconds: fc.constantFrom(0, 30, 2 ** 32 - 1),
});
const operationMessage = fc.record({
  protocol: fc.constantFrom('redis' as const, 'postgresql' as const),
  name: text,
  detail: text,
  status: fc.constantFrom('', 'OK', 'ERR'),
  error: fc.boolean(),
});
const tlsHello: fc.Arbitrary<TlsHelloMessage> = fc.record({
  protocol: fc.constant('tls' as const),
  hello: fc.constantFrom('client', 'server'),
  serverName: text,
  alpn: fc.array(text, { maxLength: 2 }),
  version: fc.constantFrom('', 'TLS 1.3'),
  cipherSuite: text,
  complete: fc.boolean(),
});

/** An event of the parsers, but for its connection, direction and time. */
export type Said = Pick<L7Event, 'kind' | 'message' | 'requestNumber' | 'joinedMidway'> & { latencyNs?: bigint };

const common = { requestNumber: fc.nat(2 ** 31), joinedMidway: fc.boolean() };
const message: fc.Arbitrary<L7Message> = fc.oneof(httpMessage, dnsMessage, operationMessage);
export const said: fc.Arbitrary<Said> = fc.oneof(
  fc.record({ kind: fc.constant('request' as const), message, ...common }),
  fc.record({
    kind: fc.constant('response' as const),
    message,
    latencyNs: fc.option(fc.bigInt({ min: 0n, max: 10n ** 11n }), { nil: undefined }),
    ...common,
  }),
  fc.record({ kind: fc.constant('handshake' as const), message: tlsHello, ...common }),
) as fc.Arbitrary<Said>;

/** `data`: one byte, the number of what is said. */
export const l7Record = fc
  .record({
    ends,
    protocol: fc.constantFrom('TCP' as const, 'TCP' as const, 'UDP' as const),
    fromInitiator: fc.boolean(),
    observation: fc.constantFrom<L7Record['observation']>('source', 'destination', 'unknown'),
    interfaceIndex: fc.constantFrom(7, 8),
    sayings: fc.nat(255),
    socketCookie: cookie,
    cgroupId: cgroup,
  })
  .map(
    ({ ends: [source, destination], sayings, ...rest }) =>
      (timeBootNs: number): L7Record => ({
        type: 'l7',
        timeBootNs,
        connectionId: connectionId(rest.protocol, source, destination),
        ipVersion: versionOf(source),
        source,
        destination,
        sequence: 0,
        payloadLength: 1,
        data: Uint8Array.of(sayings),
        hint: 'unknown',
        nothingMissed: false,
        wholeStream: false,
        ...rest,
      }),
  );
