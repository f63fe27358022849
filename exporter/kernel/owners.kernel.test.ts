import assert from 'node:assert/strict';
import { realpathSync, statSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { SocketEvent, SocketRecord } from './kernel-record.ts';
import { kernelTestsImpossible, type Pod, Pods, runIn, type Service, serveIn } from './testing/pods.ts';
import { connectionsTo, eventually, type Recorder, record } from './testing/recorder.ts';

const impossible = kernelTestsImpossible();
const skip = impossible === undefined ? false : `needs root and a kernel with BTF: ${impossible}`;

/** Python forks as servers do: `handle(connection)` runs in the process that handles it. */
const FORKING = (port: number, serve: string) => `
  const { spawn } = require('node:child_process');
  const server = spawn('python3', ['-c', \`
import ctypes, os, socket
def end_with_parent():
    ctypes.CDLL(None).prctl(1, 9)
end_with_parent()
def handle(c):
    c.recv(9)
    c.sendall(str(os.getpid()).encode())
    c.close()
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(('0.0.0.0', ${port}))
s.listen()
print('ready', flush=True)
${serve}\`], { stdio: ['ignore', 'pipe', 'ignore'] });
  server.stdout.pipe(process.stdout);`;

/** nginx: processes of long life, each of which accepts for itself. */
const PRE_FORKED = `
if os.fork() == 0:
    end_with_parent()
    while True:
        handle(s.accept()[0])
os.wait()`;
/** PostgreSQL, sshd: one process accepts, and forks another for each connection, which ends with it. */
const FORK_EACH = `
while True:
    c, _ = s.accept()
    if os.fork() == 0:
        handle(c)
        os._exit(0)
    c.close()
    os.wait()`;
/** Speaks first, and is gone before the client says a word: it never reads. */
const SPEAKS_FIRST = `
while True:
    c, _ = s.accept()
    if os.fork() == 0:
        c.sendall(str(os.getpid()).encode())
        c.close()
        os._exit(0)
    c.close()
    os.wait()`;

describe('who owns a socket', { skip }, () => {
  let pods: Pods;
  let client: Pod;
  let server: Pod;
  let recorder: Recorder;
  const services: Service[] = [];
  const inode = (pod: Pod) => statSync(`/var/run/netns/${pod.namespace}`).ino;
  const serve = async (program: string) => {
    const service = await serveIn(server.namespace, program);
    services.push(service);
    return service;
  };

  before(async () => {
    pods = new Pods(85);
    [client, server] = [pods.add(), pods.add()];
    await serve(UDP_ECHO(21_240));
    recorder = await record({ interfaces: pods.veths });
  });

  after(async () => {
    await recorder?.capture.stop();
    await Promise.all(services.map((service) => service.stop()));
    pods?.remove();
  });

  const told = (event: SocketEvent, matches: (one: SocketRecord) => boolean) =>
    recorder.records.findLast(
      (one): one is SocketRecord => one.type === 'socket' && one.event === event && matches(one),
    );

  /** The pid that handled the connection, as it said itself. */
  const ask = async (port: number, speaks: boolean) =>
    Number(
      await runIn(
        client.namespace,
        `const s = require('node:net').connect(${port}, '${server.address}', () => s.write('${speaks ? 'who?' : ''}')); s.pipe(process.stdout);`,
      ),
    );

  for (const [index, [what, program]] of [
    ['a worker that accepts, as of nginx', PRE_FORKED],
    ['a process forked for the connection and gone with it, as of PostgreSQL', FORK_EACH],
    ['a process that only writes', SPEAKS_FIRST],
  ].entries()) {
    test(`an accepted connection belongs to ${what}, not to who listens`, async () => {
      const port = 21_230 + index;
      await serve(FORKING(port, program ?? ''));
      const worker = await ask(port, program !== SPEAKS_FIRST);
      const accepted = await eventually('its worker', () =>
        told('accepted', (one) => one.local.port === port && one.pid === worker),
      );
      const listening = told('listening', (one) => one.local.port === port);
      assert.ok(listening && listening.pid !== worker);
      assert.equal(accepted.command, 'python3');
      assert.equal(accepted.networkNamespace, inode(server));
      assert.match(accepted.executable ?? '', /^\/.*python3[.\d]*$/);
      const answer = await eventually("the server's side of the connection", () =>
        connectionsTo(recorder, port).findLast((one) => one.responder.socketCookie > 0),
      );
      assert.equal(answer.responder.socketCookie, accepted.socketCookie, 'joined by the socket');
      const closed = await eventually('the close', () =>
        told('closed', (one) => one.socketCookie === accepted.socketCookie),
      );
      assert.equal(closed.pid, worker);
    });
  }

  /** Sends a datagram and waits for the answer; the pid of the client, which is gone then. */
  const exchange = async (port: number) =>
    Number(
      await runIn(
        client.namespace,
        `const u = require('node:dgram').createSocket('udp4');
         u.on('message', () => { process.stdout.write(String(process.pid)); u.close(); }); u.send('x', ${port}, '${server.address}');`,
      ),
    );

  test('a datagram belongs to the process that made its socket, though that is gone', async () => {
    const pid = await exchange(21_240);
    const sending = await eventually('its socket', () => told('sending', (one) => one.pid === pid));
    assert.equal(sending.networkNamespace, inode(client));
    assert.equal(sending.executable, realpathSync(process.execPath), 'though its /proc is gone');
    assert.notEqual(sending.command, '');
    assert.ok(sending.cgroupId > 0);
    const opened = await eventually('its connection', () =>
      connectionsTo(recorder, 21_240).find((one) => one.initiator.socketCookie === sending.socketCookie),
    );
    assert.ok(recorder.records.indexOf(sending) < recorder.records.indexOf(opened), 'known before the flow is told');
    await eventually('its close', () => told('closed', (one) => one.socketCookie === sending.socketCookie));
  });

  test('datagram servers of another namespace are known, from before capture and since', async () => {
    const [before] = services;
    const since = await serve(UDP_ECHO(21_241));
    const servers = [
      [21_240, before],
      [21_241, since],
    ] as const;
    for (const [port] of servers) await exchange(port);
    for (const [port, service] of servers) {
      const sending = await eventually('the server', () => told('sending', (one) => one.local.port === port));
      assert.equal(sending.pid, service?.pid);
      assert.equal(sending.networkNamespace, inode(server));
      const answered = await eventually('its answer', () =>
        connectionsTo(recorder, port).find((one) => one.responder.socketCookie > 0),
      );
      assert.equal(answered.responder.socketCookie, sending.socketCookie);
    }
  });
});

function UDP_ECHO(port: number): string {
  return `const u = require('node:dgram').createSocket('udp4'); u.on('message', (m, r) => u.send(m, r.port, r.address));
    u.bind(${port}, () => console.log('ready'));`;
}
