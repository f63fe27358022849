import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { KernelRecord } from './kernel-record.ts';
import { connectionLayout, sideLayout } from './layout.ts';
import { libbpf } from './libbpf.ts';
import { type LoadedFlow, loadFlow } from './testing/loaded-flow.ts';
import { kernelTestsImpossible } from './testing/pods.ts';
import { ethernet, ipv4, ipv6, tcp, udp } from './testing/test-run.ts';

const impossible = kernelTestsImpossible();
const skip = impossible === undefined ? false : `needs root and a kernel with BTF: ${impossible}`;

const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const SYN = 2;
const ACK = 16;
const TCP = 6;
const UDP = 17;
const SCTP = 132;
const MORE_FRAGMENTS = 0x2000;
const CONNECTIONS = 64;
const OWN_PORT = 4244;

describe('frames that are seldom seen on a test network', { skip }, () => {
  let loaded: LoadedFlow;
  const observe = (frame: Buffer, program?: string) => loaded.observe(frame, program);

  before(() => {
    loaded = loadFlow({ connections: CONNECTIONS, l7Bytes: 64, ownPorts: [OWN_PORT] });
  });

  after(() => loaded.close());

  function endsOf(records: readonly KernelRecord[]): string {
    const [record] = records;
    assert.ok(record?.type === 'connection');
    const { initiator, responder } = record;
    return `${record.protocol} ${initiator.address} ${initiator.port} ${responder.address} ${responder.port}`;
  }

  for (const [what, tags, outer] of [
    ['a VLAN tag', [5], 0x8100],
    ['two VLAN tags', [5, 6], 0x8100],
    ['a provider tag around a VLAN tag (QinQ)', [5, 6], 0x88a8],
  ] as const) {
    test(`${what} left in the frame: stepped over, over IPv4 and IPv6`, () => {
      const ports = { source: outer, destination: tags.length };
      const { records } = observe(ethernet(IPV4, ipv4(6, tcp(SYN, undefined, ports)), tags, outer));
      assert.equal(endsOf(records), `TCP 10.93.0.1 ${outer} 10.93.0.2 ${tags.length}`);
      const over6 = observe(ethernet(IPV6, ipv6(6, tcp(SYN, undefined, ports)), tags, outer));
      assert.equal(endsOf(over6.records), `TCP fd00::1 ${outer} fd00::2 ${tags.length}`);
    });
  }

  for (const [version, protocol, type, code] of [
    [4, 1, 3, 3],
    [6, 58, 1, 4],
  ] as const) {
    test(`an ICMP error over IPv${version} is told with its type and code, without ports`, () => {
      const error = Buffer.concat([Buffer.from([type, code, 0, 0, 0, 0, 0, 0]), udp(Buffer.alloc(8))]);
      const frame = version === 4 ? ethernet(IPV4, ipv4(protocol, error)) : ethernet(IPV6, ipv6(protocol, error));
      const [record] = observe(frame).records;
      assert.ok(record?.type === 'connection');
      assert.deepEqual([record.protocol, record.icmp], [`ICMPv${version}`, { type, code }]);
      assert.deepEqual([record.initiator.port, record.responder.port], [0, 0]);
    });
  }

  test('IPv6 extension headers are stepped over to the ports', () => {
    const hopByHop = Buffer.from([60, 0, 1, 4, 0, 0, 0, 0]);
    const destinationOptions = Buffer.from([6, 1, 1, 12, ...Buffer.alloc(12)]);
    const { records } = observe(ethernet(IPV6, ipv6(0, Buffer.concat([hopByHop, destinationOptions, tcp(SYN)]))));
    assert.equal(endsOf(records), 'TCP fd00::1 40000 fd00::2 8080');
  });

  test('SCTP has its ports', () => {
    assert.equal(
      endsOf(observe(ethernet(IPV4, ipv4(SCTP, udp(Buffer.alloc(8))))).records),
      'SCTP 10.93.0.1 40000 10.93.0.2 8080',
    );
    assert.equal(
      endsOf(observe(ethernet(IPV6, ipv6(SCTP, udp(Buffer.alloc(8))))).records),
      'SCTP fd00::1 40000 fd00::2 8080',
    );
  });

  const fragmentOf6 = (word: number, content: Buffer, identification = 1) =>
    ipv6(44, Buffer.concat([Buffer.from([UDP, 0, word >> 8, word & 255, 0, 0, 0, identification]), content]));

  test('later fragments without their first one are counted, not misread', () => {
    const noPorts = Buffer.alloc(64, 0x11);
    for (const frame of [ethernet(IPV4, ipv4(UDP, noPorts, 185)), ethernet(IPV6, fragmentOf6(0x05c8, noPorts, 9))]) {
      assert.deepEqual(observe(frame), { records: [], raised: { packets: 1, fragments: 1 } });
    }
  });

  for (const [version, first, later] of [
    [4, ipv4(UDP, udp(Buffer.alloc(64)), MORE_FRAGMENTS), ipv4(UDP, Buffer.alloc(64), 185)],
    [6, fragmentOf6(1, udp(Buffer.alloc(64))), fragmentOf6(0x05c8, Buffer.alloc(64))],
  ] as const) {
    test(`later fragments over IPv${version} are counted to the connection of their first one`, () => {
      const etherType = version === 4 ? IPV4 : IPV6;
      const ends = version === 4 ? 'UDP 10.93.0.1 40000 10.93.0.2 8080' : 'UDP fd00::1 40000 fd00::2 8080';
      assert.equal(endsOf(observe(ethernet(etherType, first)).records), ends);
      assert.deepEqual(observe(ethernet(etherType, later)), { records: [], raised: { packets: 1 } });
      assert.equal(packetsOf(version), 2);
    });
  }

  /** Packets of the UDP connection between the usual ports, as its table has them. */
  function packetsOf(version: 4 | 6): number {
    const frame = version === 4 ? ipv4(UDP, udp(Buffer.alloc(0))) : ipv6(UDP, udp(Buffer.alloc(0)));
    const [addressBytes, etherType] = version === 4 ? [4, IPV4] : [16, IPV6];
    const at = version === 4 ? 12 : 8;
    // Ordered by address, and 10.93.0.1 and fd00::1 come first; no interface in a test run but number 1.
    const ends = frame.subarray(at, at + 2 * addressBytes);
    const key = Buffer.alloc(2 * addressBytes + 8);
    ends.copy(key);
    Buffer.from([0x9c, 0x40, 0x1f, 0x90, UDP, 1, 0, 0]).copy(key, 2 * addressBytes);
    const entry = Buffer.alloc(connectionLayout.sizeof);
    const table = etherType === IPV4 ? 'connections4' : 'connections6';
    assert.equal(libbpf().lookup(loaded.flow.mapFd(table), key, entry), 0, 'the connection is in its table');
    return Number(entry.readBigUInt64LE(connectionLayout.side + sideLayout.packets));
  }

  test('padding behind a short packet is not taken for its payload', () => {
    const padded = Buffer.concat([ethernet(IPV4, ipv4(TCP, tcp(ACK))), Buffer.from('GET /no HTTP/1.1')]);
    assert.deepEqual(
      observe(padded).records.filter((record) => record.type === 'l7'),
      [],
    );
  });

  test("the exporter's own ports are left out on the host's interfaces, and kept on a pod's", () => {
    const toUs = ethernet(IPV4, ipv4(TCP, tcp(SYN, undefined, { source: 40_001, destination: OWN_PORT })));
    const fromUs = ethernet(IPV4, ipv4(TCP, tcp(SYN | ACK, undefined, { source: OWN_PORT, destination: 40_001 })));
    for (const [program, frame] of [
      ['loopback_out', toUs],
      ['loopback_out', fromUs],
      ['host_in', toUs],
      ['host_out', fromUs],
    ] as const) {
      assert.deepEqual(observe(frame, program), { records: [], raised: { packets: 1, own: 1 } }, program);
    }
    assert.equal(observe(toUs, 'veth_in').raised.own, undefined);
  });

  test("outer packets of a tunnel of this host are left out, and other tunnels' are not", () => {
    const port = Buffer.alloc(4);
    port.writeUInt16BE(4789);
    libbpf().update(loaded.flow.mapFd('tunnel_ports'), port, Buffer.alloc(4), 0);
    const outer = (destination: number, source: number) =>
      ethernet(IPV4, ipv4(UDP, udp(Buffer.alloc(50), { source, destination })));
    const us = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 93, 0, 2]);
    libbpf().update(loaded.flow.mapFd('host_addresses'), us, Buffer.alloc(4), 0);
    for (const source of [50_000, 50_001]) {
      assert.deepEqual(observe(outer(4789, source), 'host_in'), { records: [], raised: { packets: 1, overlay: 1 } });
    }
    assert.deepEqual(observe(outer(8472, 50_000), 'host_in').raised, { packets: 1 });
  });

  test('neighbour discovery, multicast and what is not IP are counted apart', () => {
    const solicitation = Buffer.concat([Buffer.from([135, 0]), Buffer.alloc(22)]);
    assert.deepEqual(observe(ethernet(IPV6, ipv6(58, solicitation))).raised, { packets: 1, noise: 1 });
    assert.deepEqual(observe(ethernet(IPV6, ipv6(17, Buffer.alloc(16), 0xff))).raised, { packets: 1, noise: 1 });
    assert.deepEqual(observe(ethernet(0x0806, Buffer.alloc(28))).raised, { packets: 1, not_ip: 1 });
  });

  test('headers cut short are counted as unparsable', () => {
    assert.deepEqual(observe(ethernet(IPV4, ipv4(6, tcp(SYN).subarray(0, 12)))).raised, { packets: 1, unparsable: 1 });
  });

  test('no more of a payload is copied than the settings allow', () => {
    const request = Buffer.from(`GET /${'x'.repeat(200)} HTTP/1.1\r\n\r\n`);
    const { records } = observe(ethernet(IPV4, ipv4(6, tcp(16, request))));
    const l7 = records.find((record) => record.type === 'l7');
    assert.equal(l7?.data.length, 64);
    assert.equal(l7?.payloadLength, request.length);
  });

  test("connections beyond the table's bound are counted, and those inside stay", () => {
    let full = 0;
    for (let port = 1; port <= 3 * CONNECTIONS; port++) {
      const segment = tcp(SYN);
      segment.writeUInt16BE(port, 0);
      full += observe(ethernet(IPV6, ipv6(6, segment))).raised.table_full ?? 0;
    }
    assert.ok(full >= CONNECTIONS && full <= 3 * CONNECTIONS, `${full} refused`);
    const { raised } = observe(ethernet(IPV6, ipv6(6, tcp(16))));
    assert.equal(raised.table_full, undefined);
  });
});
