import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import type { SocketEvent, SocketRecord } from './kernel-record.ts';
import { kernelTestsImpossible, type Pod, Pods, type Service, serveIn } from './testing/pods.ts';
import { connectionsTo, eventually, type Recorder, record, sums } from './testing/recorder.ts';

const impossible = kernelTestsImpossible();
const skip = impossible === undefined ? false : `needs root and a kernel with BTF: ${impossible}`;

const BYTES = 1_000_000;
const SEGMENT_BYTES = 1448;
/** Offset of tcpi_segs_out in struct tcp_info (linux/tcp.h). */
const SEGMENTS_OUT = 136;

const SINK = (port: number) =>
  `require('node:net').createServer((s) => s.resume()).listen(${port}, '::', () => console.log('ready'))`;

/** Sends, ends, waits for the other end to end; prints how many segments the kernel says it sent. */
const SEND = (address: string, port: number, bytes: number) => `
import socket, struct
s = socket.create_connection(('${address}', ${port}))
s.sendall(bytes(${bytes}))
s.shutdown(socket.SHUT_WR)
while s.recv(4096): pass
print(struct.unpack_from('I', s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192), ${SEGMENTS_OUT})[0])`;

describe('how TCP fares', { skip }, () => {
  let pods: Pods;
  let client: Pod;
  let server: Pod;
  let recorder: Recorder;
  const services: Service[] = [];
  const python = (program: string) =>
    execFileSync('ip', ['netns', 'exec', client.namespace, 'python3', '-c', program], { encoding: 'utf8' });
  const nft = (rule: string) =>
    execFileSync('ip', ['netns', 'exec', server.namespace, 'nft', ...rule.split(' ')], { stdio: 'ignore' });
  const told = (event: SocketEvent, port: number) =>
    recorder.records.findLast(
      (one): one is SocketRecord => one.type === 'socket' && one.event === event && one.remote.port === port,
    );

  before(async () => {
    pods = new Pods(83);
    [client, server] = [pods.add(), pods.add()];
    recorder = await record({ interfaces: pods.veths, l7: false });
    for (const port of [21_220, 21_221]) services.push(await serveIn(server.namespace, SINK(port)));
    nft('add table inet px');
    nft('add chain inet px input { type filter hook input priority 0 ; }');
    nft('add rule inet px input tcp dport 21221 tcp flags & syn == 0 numgen inc mod 8 == 3 drop');
    nft('add rule inet px input tcp dport 21222 drop');
    nft('add rule inet px input tcp dport 21223 reject with icmpx host-unreachable');
  });

  after(async () => {
    await recorder?.capture.stop();
    await Promise.all(services.map((service) => service.stop()));
    pods?.remove();
  });

  for (const version of [4, 6] as const) {
    test(`a frame of many segments over IPv${version} counts as many packets as TCP sent segments`, async () => {
      const sent = Number(python(SEND(version === 4 ? server.address : server.address6, 21_220, BYTES)));
      assert.ok(sent > BYTES / SEGMENT_BYTES);
      await eventually('all of its packets, at both interfaces', () => {
        const seen = connectionsTo(recorder, 21_220).filter((one) => one.ipVersion === version);
        const interfaces = [...new Set(seen.map((one) => one.interfaceIndex))];
        const totals = interfaces.map((index) => sums(seen.filter((one) => one.interfaceIndex === index)));
        return (
          totals.length === 2 &&
          totals.every(({ initiatorPackets, initiatorBytes }) => initiatorPackets === sent && initiatorBytes > BYTES)
        );
      });
    });
  }

  test('what was lost and sent again, and round trips, are told at the close', async () => {
    python(SEND(server.address, 21_221, 50_000));
    const { health } = await eventually('the close', () => told('closed', 21_221));
    assert.ok(health.retransmits > 0);
    assert.ok(health.minimumRttUs > 0 && health.smoothedRttUs >= health.minimumRttUs / 8);
    assert.ok(health.connectUs > 0 || (told('connected', 21_221)?.health.connectUs ?? 0) > 0);
  });

  for (const [failure, port, more] of [
    ['timed_out', 21_222, 's.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 300)'],
    ['unreachable', 21_223, ''],
    ['refused', 21_224, ''],
  ] as const) {
    test(`a connect that is ${failure}: why, by whom, and how long it took`, async () => {
      python(`import socket
s = socket.socket()
${more}
try: s.connect(('${server.address}', ${port}))
except OSError: pass`);
      const failed = await eventually('the failed connect', () => told('connect_failed', port));
      assert.equal(failed.failure, failure);
      assert.ok(failed.pid > 0 && failed.health.connectUs > 0);
      assert.equal(failed.command, 'python3');
    });
  }
});
