import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { DropReason } from '#proto/gen/flow/flow.ts';
import { hubbleDropReason } from '../drop-reason.ts';
import type { DropRecord } from './kernel-record.ts';
import { ip, kernelTestsImpossible, type Pod, Pods, runIn, type Service, serveIn } from './testing/pods.ts';
import { eventually, type Recorder, record } from './testing/recorder.ts';

const impossible = kernelTestsImpossible();
const skip = impossible === undefined ? false : `needs root and a kernel with BTF: ${impossible}`;

/** Sends one raw IPv4 packet (header included) from a namespace. */
function sendRaw(namespace: string, packet: Buffer, to: string): void {
  const program = `import socket
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
s.sendto(bytes.fromhex('${packet.toString('hex')}'), ('${to}', 0))`;
  execFileSync('ip', ['netns', 'exec', namespace, 'python3', '-c', program]);
}

interface RawPacket {
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly content: Buffer;
  readonly ttl?: number;
  /** Default true. */
  readonly mayBeCut?: boolean;
}

/** The kernel fills in length and header checksum. */
function rawPacket({ source, destination, protocol, content, ttl = 64, mayBeCut = true }: RawPacket): Buffer {
  const header = Buffer.alloc(20);
  header[0] = 0x45;
  if (!mayBeCut) header[6] = 0x40;
  header[8] = ttl;
  header[9] = protocol;
  Buffer.from(source.split('.').map(Number)).copy(header, 12);
  Buffer.from(destination.split('.').map(Number)).copy(header, 16);
  return Buffer.concat([header, content]);
}

function udpDatagram(port: number, checksum: number, bytes = 16): Buffer {
  const datagram = Buffer.alloc(8 + bytes);
  datagram.writeUInt16BE(24_030, 0);
  datagram.writeUInt16BE(port, 2);
  datagram.writeUInt16BE(datagram.length, 4);
  datagram.writeUInt16BE(checksum, 6);
  return datagram;
}

describe('drops', { skip }, () => {
  let pods: Pods;
  let client: Pod;
  let server: Pod;
  let recorder: Recorder;
  const services: Service[] = [];
  const inode = (pod: Pod) => statSync(`/var/run/netns/${pod.namespace}`).ino;
  const sysctl = (pod: Pod, setting: string) =>
    execFileSync('ip', ['netns', 'exec', pod.namespace, 'sysctl', '-qw', setting]);

  before(async () => {
    pods = new Pods(95);
    client = pods.add();
    server = pods.add();
    recorder = await record({ interfaces: pods.veths });
  });

  after(async () => {
    await recorder.capture.stop();
    await Promise.all(services.map((service) => service.stop()));
    pods.remove();
  });

  /** The drop with this reason at this port (of the destination, or of the source), with what every drop has to tell. */
  async function dropOf(
    reason: string,
    port: number,
    at: Pod,
    direction: 'ingress' | 'egress' = 'ingress',
  ): Promise<DropRecord> {
    const drop = await eventually(`a drop at port ${port}; those there are have ${reasonsAt(port)}`, () =>
      recorder.records.find(
        (one): one is DropRecord =>
          one.type === 'drop' && one.reasonName === reason && [one.destination.port, one.source.port].includes(port),
      ),
    );
    assert.equal(drop.networkNamespace, inode(at), 'the namespace it happened in');
    assert.equal(drop.direction, direction);
    assert.match(drop.symbol, /^[a-z_][\w.]*$/, 'the kernel function');
    assert.ok(drop.bytes > 0);
    return drop;
  }

  function reasonsAt(port: number): string {
    return recorder.records
      .flatMap((one) =>
        one.type === 'drop' && [one.destination.port, one.source.port].includes(port) ? [one.reasonName] : [],
      )
      .join();
  }

  const sendUdp = (pod: Pod, to: string, port: number, bytes = 16, source = 0) =>
    runIn(
      pod.namespace,
      `const u = require('node:dgram').createSocket('udp4'); u.on('error', () => u.close());
       u.bind(${source}, () => u.send(Buffer.alloc(${bytes}), ${port}, '${to}', () => setTimeout(() => u.close(), 20)));`,
    );

  test('netfilter on the way out: NETFILTER_DROP, egress', async () => {
    const nft = (rule: string) => execFileSync('ip', ['netns', 'exec', client.namespace, 'nft', ...rule.split(' ')]);
    nft('add table inet px');
    nft('add chain inet px output { type filter hook output priority 0 ; }');
    nft('add rule inet px output udp dport 24031 drop');
    await sendUdp(client, server.address, 24_031);
    const drop = await dropOf('NETFILTER_DROP', 24_031, client, 'egress');
    assert.equal(drop.source.address, client.address);
  });

  test('no socket over UDP: NO_SOCKET', async () => {
    await sendUdp(client, server.address, 24_032);
    const drop = await dropOf('NO_SOCKET', 24_032, server);
    assert.equal(drop.protocol, 'UDP');
    assert.equal(drop.interfaceName, 'eth0');
  });

  /** Lets the server forward what the client sends to 10.95.<subnet>.0/24, out by the interface it came in by. */
  function forward(subnet: number, ...options: string[]): void {
    sysctl(server, 'net.ipv4.ip_forward=1');
    ip('-n', client.namespace, 'route', 'add', `10.95.${subnet}.0/24`, 'via', server.address);
    ip('-n', server.namespace, 'route', 'add', `10.95.${subnet}.0/24`, 'dev', 'eth0', ...options);
  }

  const sendOnwards = (subnet: number, port: number, more: Partial<RawPacket> = {}) => {
    const to = `10.95.${subnet}.9`;
    const packet = { source: client.address, destination: to, protocol: 17, content: udpDatagram(port, 0) };
    sendRaw(client.namespace, rawPacket({ ...packet, ...more }), to);
  };

  test('a TTL used up on the way: IP_INHDR', async () => {
    forward(3);
    sendOnwards(3, 24_033, { ttl: 1 });
    const drop = await dropOf('IP_INHDR', 24_033, server);
    assert.equal(drop.symbol, 'ip_forward');
    assert.equal(hubbleDropReason(drop.reasonName, drop.symbol), DropReason.TTL_EXCEEDED);
  });

  test('a hop limit used up on the way, over IPv6: the kernel says why, and where', async () => {
    sysctl(server, 'net.ipv6.conf.all.forwarding=1');
    ip('-n', client.namespace, '-6', 'route', 'add', 'fd95:3::/64', 'via', server.address6);
    ip('-n', server.namespace, '-6', 'route', 'add', 'fd95:3::/64', 'dev', 'eth0');
    const program = `import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 1)
s.sendto(b'x', ('fd95:3::9', 24041))`;
    execFileSync('ip', ['netns', 'exec', client.namespace, 'python3', '-c', program]);
    const drop = await dropOf('IP_INHDR', 24_041, server);
    assert.equal(drop.symbol, 'ip6_forward');
    assert.equal(hubbleDropReason(drop.reasonName, drop.symbol), DropReason.TTL_EXCEEDED);
    assert.equal(drop.source.address, client.address6);
  });

  test('a next hop that does not answer: NEIGH_FAILED', async () => {
    forward(4);
    sysctl(server, 'net.ipv4.neigh.eth0.retrans_time_ms=20');
    sendOnwards(4, 24_038);
    await dropOf('NEIGH_FAILED', 24_038, server);
  });

  test('a packet too big for the way that may not be cut: PKT_TOO_BIG', async () => {
    forward(5, 'mtu', 'lock', '600');
    sendOnwards(5, 24_039, { content: udpDatagram(24_039, 0, 900), mayBeCut: false });
    const drop = await dropOf('PKT_TOO_BIG', 24_039, server);
    assert.equal(drop.bytes, 20 + 8 + 900);
  });

  test('no route onwards: IP_INNOROUTES', async () => {
    sysctl(server, 'net.ipv4.ip_forward=1');
    ip('-n', client.namespace, 'route', 'add', '10.95.9.0/24', 'via', server.address);
    sendOnwards(9, 24_034);
    await dropOf('IP_INNOROUTES', 24_034, server);
  });

  test('a source that lies elsewhere: IP_RPFILTER', async () => {
    sysctl(server, 'net.ipv4.conf.all.rp_filter=1');
    sysctl(server, 'net.ipv4.conf.eth0.rp_filter=1');
    ip('-n', server.namespace, 'route', 'add', '10.95.7.0/24', 'dev', 'lo');
    const packet = { source: '10.95.7.7', destination: server.address, protocol: 17, content: udpDatagram(24_035, 0) };
    sendRaw(client.namespace, rawPacket(packet), server.address);
    const drop = await dropOf('IP_RPFILTER', 24_035, server);
    assert.equal(drop.source.address, '10.95.7.7');
  });

  test('a wrong checksum: UDP_CSUM', async () => {
    await serveUdp(24_036);
    const packet = {
      source: client.address,
      destination: server.address,
      protocol: 17,
      content: udpDatagram(24_036, 0xbad),
    };
    sendRaw(client.namespace, rawPacket(packet), server.address);
    await dropOf('UDP_CSUM', 24_036, server);
  });

  test('a full receive queue: SOCKET_RCVBUFF, told once with how often', async () => {
    services.push(
      await serveIn(
        server.namespace,
        `const u = require('node:dgram').createSocket({ type: 'udp4', recvBufferSize: 2048 });
         const standStill = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
         u.bind(24037, () => process.stdout.write('ready', standStill));`,
      ),
    );
    await runIn(
      client.namespace,
      `const u = require('node:dgram').createSocket('udp4'); let n = 40;
       const next = () => n-- > 0 ? u.send(Buffer.alloc(1000), 24037, '${server.address}', next) : u.close(); next();`,
    );
    await dropOf('SOCKET_RCVBUFF', 24_037, server);
    await eventually(
      'what was not told one by one',
      () => (recorder.capture.counters().skipped.drop_suppressed ?? 0) > 10,
    );
  });

  async function serveUdp(port: number): Promise<void> {
    services.push(
      await serveIn(
        server.namespace,
        `require('node:dgram').createSocket('udp4').bind(${port}, () => console.log('ready'))`,
      ),
    );
  }
});
