import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { ConnectionRecord, DropRecord, L7Record, SocketRecord } from './kernel-record.ts';
import { kernelTestsImpossible, type Pod, Pods, runIn, type Service, serveIn } from './testing/pods.ts';
import { connectionsTo, eventually, type Recorder, record, sums } from './testing/recorder.ts';

const impossible = kernelTestsImpossible();
const skip = impossible === undefined ? false : `needs root and a kernel with BTF: ${impossible}`;

/** Ethernet, IP and TCP headers with the options Linux sends: timestamps always, four more words on a SYN. */
const TCP4_BYTES = 14 + 20 + 32;
const TCP6_BYTES = 14 + 40 + 32;
const SYN_OPTIONS_BYTES = 8;

const HTTP_SERVER = (port: number, body: string) => `
  require('node:http').createServer((request, response) => { request.resume(); response.end('${body}'); })
    .listen(${port}, '::', () => console.log('ready'));`;
/** Sends 1000 bytes, reads 500, closes first. */
const SEND_1000 = (address: string, port: number) => `
  const s = require('node:net').connect(${port}, '${address}', () => s.write(Buffer.alloc(1000, 'x')));
  let got = 0; s.on('data', (d) => { got += d.length; if (got === 500) s.end(); });`;
const ANSWER_500 = (port: number) => `
  require('node:net').createServer((s) => { let got = 0;
    s.on('data', (d) => { got += d.length; if (got === 1000) s.write(Buffer.alloc(500, 'y')); });
  }).listen(${port}, '::', () => console.log('ready'));`;

function indexOf(name: string): number {
  return Number(readFileSync(`/sys/class/net/${name}/ifindex`, 'utf8'));
}

describe('capture on real packets', { skip }, () => {
  let pods: Pods;
  let client: Pod;
  let server: Pod;
  let recorder: Recorder;
  const services: Service[] = [];
  const serve = async (namespace: string | undefined, program: string) => {
    services.push(await serveIn(namespace, program));
  };

  before(async () => {
    pods = new Pods(91);
    client = pods.add();
    server = pods.add();
    recorder = await record({ interfaces: `${pods.veths},lo` });
    await serve(server.namespace, ANSWER_500(21_001));
    await serve(server.namespace, HTTP_SERVER(21_002, 'hello'));
    await serve(undefined, ANSWER_500(21_003));
  });

  after(async () => {
    await recorder.capture.stop();
    await Promise.all(services.map((service) => service.stop()));
    pods.remove();
  });

  test('every feature is on', () => {
    assert.deepEqual(
      recorder.capture.features.map(({ name, enabled }) => [name, enabled]),
      [
        ['connections', true],
        ['l7', true],
        ['drops', true],
        ['sockets', true],
        ['datagrams', true],
        ['translations', true],
      ],
      recorder.log.join('\n'),
    );
  });

  for (const [version, header] of [
    [4, TCP4_BYTES],
    [6, TCP6_BYTES],
  ] as const) {
    test(`a TCP connection over IPv${version} is counted to the byte at both ends' interfaces`, async () => {
      const address = version === 4 ? server.address : server.address6;
      await runIn(client.namespace, SEND_1000(address, 21_001));
      for (const [pod, view] of [
        [client, 'source'],
        [server, 'destination'],
      ] as const) {
        const at = () => connectionsTo(recorder, 21_001, indexOf(pod.veth)).filter((one) => one.ipVersion === version);
        const total = await eventually(`the end of the connection at ${pod.veth}`, () => {
          const sum = sums(at());
          // The last acknowledgement comes after the close and is told by the sweep.
          const isWhole =
            sum.initiatorBytes === 1000 + sum.initiatorPackets * header + SYN_OPTIONS_BYTES &&
            sum.responderBytes === 500 + sum.responderPackets * header + SYN_OPTIONS_BYTES;
          return (
            isWhole && sum.initiatorPackets >= 4 && at().filter((one) => one.reason === 'closed').length >= 2 && sum
          );
        });
        const last = at().at(-1);
        assert.equal(last?.initiator.bytes, total.initiatorBytes);
        assert.equal(last?.responder.packets, total.responderPackets);
        assert.equal(at()[0]?.reason, 'opened');
        assert.equal(at()[0]?.view, view);
        assert.equal(at()[0]?.initiator.address, version === 4 ? client.address : client.address6);
        assert.equal(at()[0]?.joinedMidway, false);
      }
    });
  }

  test("the sender's socket and cgroup are known at its own interface, and its process by the socket", async () => {
    await runIn(client.namespace, SEND_1000(server.address, 21_001));
    const opened = await eventually('the opened record', () =>
      connectionsTo(recorder, 21_001, indexOf(client.veth)).findLast((one) => one.reason === 'opened'),
    );
    assert.ok(opened.initiator.socketCookie > 0);
    assert.ok(opened.initiator.cgroupId > 0);
    const connecting = await eventually('the socket before its first packet', () =>
      recorder.records.findIndex(
        (one) =>
          one.type === 'socket' && one.event === 'connecting' && one.socketCookie === opened.initiator.socketCookie,
      ),
    );
    assert.ok(connecting >= 0 && connecting < recorder.records.indexOf(opened));
    const connected = await eventually('the socket', () =>
      recorder.records.find(
        (one): one is SocketRecord =>
          one.type === 'socket' &&
          one.event === 'connected' &&
          one.socketCookie === opened.initiator.socketCookie &&
          one.remote.port === 21_001,
      ),
    );
    assert.ok(connected.pid > 0);
    assert.equal(connected.networkNamespace, statSync(`/var/run/netns/${client.namespace}`).ino);
    assert.ok(connected.health.connectUs > 0);
  });

  test('an accepted socket is owned by the process that listens', async () => {
    await runIn(client.namespace, SEND_1000(server.address, 21_001));
    const accepted = await eventually('the accepted socket', () =>
      recorder.records.find(
        (one): one is SocketRecord => one.type === 'socket' && one.event === 'accepted' && one.local.port === 21_001,
      ),
    );
    assert.equal(accepted.pid, services[0]?.pid);
  });

  test('an HTTP request and its response are captured exactly once though both ends are watched', async () => {
    await runIn(client.namespace, `require('node:http').get('http://${server.address}:21002/once', (r) => r.resume())`);
    const messages = () =>
      recorder.records.filter(
        (one): one is L7Record => one.type === 'l7' && (one.destination.port === 21_002 || one.source.port === 21_002),
      );
    await eventually('the response', () => messages().find((one) => !one.fromInitiator));
    await eventually('the close', () => connectionsTo(recorder, 21_002).filter((one) => one.reason === 'closed')[1]);
    const [request, response, ...more] = messages();
    assert.deepEqual(more, []);
    assert.ok(request && response);
    assert.match(Buffer.from(request.data).toString(), /^GET \/once HTTP\/1\.1\r\n/);
    assert.match(Buffer.from(response.data).toString(), /^HTTP\/1\.1 200 OK\r\n/);
    assert.equal(request.hint, 'http1');
    assert.equal(request.fromInitiator, true);
    assert.equal(request.connectionId, response.connectionId);
    assert.equal(request.data.length, request.payloadLength);
    assert.equal(request.interfaceIndex, indexOf(client.veth));
    assert.equal(response.interfaceIndex, indexOf(server.veth));
    assert.ok(response.socketCookie > 0);
  });

  test('HTTP/2 is followed in both directions', async () => {
    await serve(
      server.namespace,
      `require('node:http2').createServer().on('stream', (s) => { s.respond({ ':status': 200 }); s.end('two'); })
         .listen(21004, () => console.log('ready'));`,
    );
    await runIn(
      client.namespace,
      `const c = require('node:http2').connect('http://${server.address}:21004');
       const s = c.request({ ':path': '/two' }); s.resume(); s.on('end', () => c.close());`,
    );
    // Loopback is watched, too, and others on this machine may speak HTTP/2 there.
    const heads = () =>
      recorder.records.filter(
        (one): one is L7Record =>
          one.type === 'l7' && one.hint === 'http2' && [one.source.port, one.destination.port].includes(21_004),
      );
    await eventually('frames of the server', () => heads().find((one) => !one.fromInitiator));
    const preface = heads().find((one) => one.fromInitiator);
    assert.match(Buffer.from(preface?.data ?? []).toString('latin1'), /^PRI \* HTTP\/2\.0/);
    const headersFrame = (one: L7Record) => Buffer.from(one.data).includes(Buffer.from([0x88]));
    await eventually('the response headers', () => heads().find((one) => !one.fromInitiator && headersFrame(one)));
  });

  test('a datagram and its answer are one connection', async () => {
    await serve(
      server.namespace,
      `const u = require('node:dgram').createSocket('udp4');
       u.on('message', (m, r) => u.send('pong!', r.port, r.address)); u.bind(21005, () => console.log('ready'));`,
    );
    await runIn(
      client.namespace,
      `const u = require('node:dgram').createSocket('udp4');
       u.on('message', () => u.close()); u.send('ping', 21005, '${server.address}');`,
    );
    const total = await eventually('both datagrams', () => {
      const sum = sums(connectionsTo(recorder, 21_005, indexOf(client.veth)));
      return sum.responderPackets === 1 && sum;
    });
    assert.deepEqual(total, {
      initiatorBytes: 14 + 28 + 4,
      initiatorPackets: 1,
      responderBytes: 14 + 28 + 5,
      responderPackets: 1,
    });
  });

  test('an echo request and its reply are one ICMP connection without ports', async () => {
    execFileSync('ip', [
      'netns',
      'exec',
      client.namespace,
      'python3',
      '-c',
      `import socket,struct
s=socket.socket(socket.AF_INET,socket.SOCK_RAW,socket.IPPROTO_ICMP); s.settimeout(5)
p=struct.pack('!BBHHH',8,0,0,0x1234,1); c=sum(struct.unpack('!4H',p)); c=~((c>>16)+(c&0xffff))&0xffff
s.sendto(struct.pack('!BBHHH',8,0,c,0x1234,1),('${server.address}',0)); s.recv(99)`,
    ]);
    const opened = await eventually('the ICMP connection', () =>
      recorder.records.find((one) => one.type === 'connection' && one.protocol === 'ICMPv4'),
    );
    assert.ok(opened.type === 'connection');
    assert.deepEqual(opened.icmp, { type: 8, code: 0 });
    assert.equal(opened.initiator.address, client.address);
    assert.equal(opened.initiator.port, 0);
  });

  test('traffic over loopback is counted once', async () => {
    await runIn(undefined, SEND_1000('127.0.0.1', 21_003));
    const at = () => connectionsTo(recorder, 21_003);
    await eventually('the whole connection', () => {
      const sum = sums(at());
      return (
        sum.initiatorPackets >= 4 &&
        sum.initiatorBytes === 1000 + sum.initiatorPackets * TCP4_BYTES + SYN_OPTIONS_BYTES &&
        sum.responderBytes === 500 + sum.responderPackets * TCP4_BYTES + SYN_OPTIONS_BYTES
      );
    });
    assert.equal(at().filter((one) => one.reason === 'opened').length, 1);
    assert.equal(at()[0]?.view, 'source');
    assert.ok((at().at(-1)?.responder.socketCookie ?? 0) > 0);
  });

  test('a pod that comes later is watched from then on', async () => {
    const late = pods.add();
    await eventually('the new interface', () =>
      recorder.changes.find((change) => change.kind === 'attached' && change.interfaceName === late.veth),
    );
    await runIn(late.namespace, SEND_1000(server.address, 21_001));
    const opened = await eventually('its connection', () => connectionsTo(recorder, 21_001, indexOf(late.veth))[0]);
    assert.equal(opened.initiator.address, late.address);
  });

  test("a packet dropped by nftables is told with the kernel's reason, addresses and namespace", async () => {
    const nft = (rule: string) => execFileSync('ip', ['netns', 'exec', server.namespace, 'nft', ...rule.split(' ')]);
    nft('add table inet px');
    nft('add chain inet px input { type filter hook input priority 0 ; }');
    nft('add rule inet px input tcp dport 21081 drop');
    await runIn(
      client.namespace,
      `const s = require('node:net').connect({ port: 21081, host: '${server.address}' });
       s.on('error', () => {}); setTimeout(() => process.exit(0), 50);`,
    );
    const drop = await eventually('the drop', () =>
      recorder.records.find((one): one is DropRecord => one.type === 'drop' && one.destination.port === 21_081),
    );
    assert.equal(drop.reasonName, 'NETFILTER_DROP');
    assert.equal(drop.source.address, client.address);
    assert.equal(drop.destination.address, server.address);
    assert.equal(drop.protocol, 'TCP');
    assert.equal(drop.tcpFlags, 2);
    assert.equal(drop.direction, 'ingress');
    assert.equal(drop.networkNamespace, statSync(`/var/run/netns/${server.namespace}`).ino);
  });

  test('a refused connection is told as a drop without socket, as a reset, and as a failed connect', async () => {
    await runIn(
      client.namespace,
      `require('node:net').connect(21082, '${server.address}').on('error', (e) => console.log(e.code))`,
    );
    await eventually('the drop', () =>
      recorder.records.find(
        (one) => one.type === 'drop' && one.reasonName === 'NO_SOCKET' && one.destination.port === 21_082,
      ),
    );
    const closed = await eventually('the reset', () =>
      connectionsTo(recorder, 21_082).find((one) => one.reason === 'closed'),
    );
    assert.equal(closed.fromInitiator, false);
    assert.equal(closed.packetTcpFlags & 4, 4);
    const failed = await eventually('the failed connect', () =>
      recorder.records.find(
        (one): one is SocketRecord =>
          one.type === 'socket' && one.event === 'connect_failed' && one.remote.port === 21_082,
      ),
    );
    assert.equal(failed.failure, 'refused');
    assert.ok(failed.pid > 0);
  });

  test('a connection that went well leaves no drops', () => {
    const drops = recorder.records.filter(
      (one) => one.type === 'drop' && [one.source.port, one.destination.port].includes(21_001),
    );
    assert.deepEqual(drops, []);
  });

  test('nothing was lost on the way, and what was seen adds up', () => {
    const { seen, lost } = recorder.capture.counters();
    assert.deepEqual(
      Object.values(lost),
      Object.values(lost).map(() => 0),
    );
    assert.equal(
      (seen.connection ?? 0) + (seen.l7 ?? 0) + (seen.drop ?? 0) + (seen.socket ?? 0),
      recorder.records.length,
    );
  });
});

describe('connections from before capture', { skip }, () => {
  test('are told with who opened them, and with the processes of both ends', async () => {
    const pods = new Pods(97);
    const [client, server] = [pods.add(), pods.add()];
    // The server's port is the higher one, so that a guess by ports would be wrong.
    const service = await serveIn(
      server.namespace,
      "require('node:net').createServer((s) => s.pipe(s)).listen(24020, () => console.log('ready'))",
    );
    const caller = await serveIn(
      client.namespace,
      `const s = require('node:net').connect({ port: 24020, host: '${server.address}', localPort: 1024 });
       s.once('data', () => { console.log('open'); setInterval(() => s.write('again'), 20); }); s.write('x');`,
    );
    const { capture, records } = await record({ interfaces: pods.veths });
    try {
      const views = await eventually('both views', () => {
        const seen = records.filter(
          (one): one is ConnectionRecord => one.type === 'connection' && one.protocol === 'TCP',
        );
        return new Set(seen.map((one) => one.interfaceIndex)).size === 2 && seen;
      });
      for (const one of views) {
        assert.deepEqual([one.initiator.address, one.initiator.port, one.joinedMidway], [client.address, 1024, true]);
      }
      const socketOf = (event: string, port: number) =>
        records.find(
          (one): one is SocketRecord => one.type === 'socket' && one.event === event && one.local.port === port,
        );
      assert.equal(socketOf('connected', 1024)?.pid, caller.pid);
      assert.equal(socketOf('accepted', 24_020)?.pid, service.pid);
      assert.equal(socketOf('listening', 24_020)?.networkNamespace, statSync(`/var/run/netns/${server.namespace}`).ino);
      const told = await eventually("the client's socket on a packet", () =>
        records.find((one) => one.type === 'connection' && one.initiator.socketCookie > 0),
      );
      assert.ok(told.type === 'connection');
      assert.equal(told.initiator.socketCookie, socketOf('connected', 1024)?.socketCookie);
    } finally {
      await capture.stop();
      await caller.stop();
      await service.stop();
      pods.remove();
    }
  });
});
