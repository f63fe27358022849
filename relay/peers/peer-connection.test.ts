import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { FlowRing } from '#observer/flow-ring.ts';
import { GrpcServer } from '#observer/grpc-server.ts';
import { registerObserver } from '#observer/observer-service.ts';
import { fixedPeers, registerPeerService } from '#observer/peer-service.ts';
import { ChangeNotificationType } from '#proto/gen/peer/peer.ts';
import { RelayTime } from '../relay-time.ts';
import { NotifyPeers } from './notify-peers.ts';
import { PeerConnection } from './peer-connection.ts';
import type { Peer } from './peer-set.ts';
import type { PeerTls } from './tls-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'relay-tls-'));
const cleanups: (() => unknown)[] = [() => rmSync(folder, { recursive: true })];
after(async () => {
  for (const clean of cleanups.reverse()) await clean();
});

const at = (name: string) => join(folder, name);

function makeCertificate(serverName: string): void {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  openssl(
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
    '-keyout',
    'key.pem',
    '-out',
    'cert.pem',
    '-subj',
    '/CN=node',
    '-addext',
    `subjectAltName=DNS:${serverName}`,
  );
}

async function serve(tls: boolean): Promise<string> {
  const ring = new FlowRing({ capacityBytes: 1 << 20, endpointIds: 64, endpointKeyBytes: 1 << 16 });
  const server = new GrpcServer(
    tls ? { tls: { certificate: readFileSync(at('cert.pem')), key: readFileSync(at('key.pem')) } } : {},
  );
  registerObserver(server, { ring, nodeName: 'a', version: 'test' });
  cleanups.push(() => server.stop());
  return `127.0.0.1:${await server.listen('127.0.0.1:0')}`;
}

/** Connects once and tells in which state and why that ends. */
async function outcomeOf(peer: Omit<Peer, 'name'>, tls?: PeerTls): Promise<string> {
  const connection = await new Promise<PeerConnection>((resolve) => {
    const settled = () => resolve(made);
    const ignore = () => {};
    const made = new PeerConnection(
      { peer: { name: 'a', ...peer }, time: new RelayTime(Date.now), backfillFlows: 10, tls, random: () => 0.5 },
      {
        state: (state) => state !== 'CONNECTING' && settled(),
        opened: ignore,
        message: ignore,
        heartbeat: ignore,
        batch: ignore,
        gap: ignore,
        closed: ignore,
      },
    );
    made.start();
  });
  const outcome = `${connection.state} ${connection.reason ?? ''}`.trim();
  connection.stop();
  return outcome;
}

describe('a connection to a peer', () => {
  const serverName = 'a.default.hubble-grpc.cilium.io';
  makeCertificate(serverName);
  const tls: PeerTls = { caFiles: [at('cert.pem')] };

  it('is ready over TLS under the name that the source of peers gave', async () => {
    assert.equal(await outcomeOf({ address: await serve(true), tlsServerName: serverName }, tls), 'READY');
  });

  it('says that the certificate is for another name', async () => {
    const outcome = await outcomeOf(
      { address: await serve(true), tlsServerName: 'b.default.hubble-grpc.cilium.io' },
      tls,
    );
    assert.match(outcome, /TRANSIENT_FAILURE its certificate is for another name/);
  });

  it('says that no CA given has signed the certificate', async () => {
    assert.match(
      await outcomeOf({ address: await serve(true), tlsServerName: serverName }),
      /signed by none of the CAs/,
    );
  });

  it('says which side alone speaks TLS', async () => {
    assert.match(await outcomeOf({ address: await serve(true) }), /expects TLS: this relay spoke plaintext/);
    assert.match(
      await outcomeOf({ address: await serve(false), tlsServerName: serverName }, tls),
      /does not speak TLS/,
    );
  });

  it('says that nothing listens, and that an address cannot be read', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await new Promise((resolve) => server.close(resolve));
    assert.match(await outcomeOf({ address: `127.0.0.1:${port}` }), /nothing listens there/);
    assert.match(await outcomeOf({ address: '' }), /no host/);
  });

  it('reads the TLS files anew at each attempt', async () => {
    const address = await serve(true);
    const missing: PeerTls = { caFiles: [at('later.pem')] };
    assert.match(await outcomeOf({ address, tlsServerName: serverName }, missing), /later\.pem cannot be read/);
    execFileSync('cp', [at('cert.pem'), at('later.pem')]);
    assert.equal(await outcomeOf({ address, tlsServerName: serverName }, missing), 'READY');
  });
});

describe('NotifyPeers', () => {
  it('tells the peers that a peer service names, over a unix socket too', async () => {
    const server = new GrpcServer();
    const added = { type: ChangeNotificationType.PEER_ADDED, tls: undefined };
    const source = fixedPeers([
      { name: 'a', address: '10.0.0.1:4244', ...added },
      { name: 'east/b', address: '10.0.0.2', ...added, tls: { serverName: 'b.east.hubble-grpc.cilium.io' } },
    ]);
    registerPeerService(server, source);
    const socket = `unix:${at('peers.sock')}`;
    await server.listen(socket);
    cleanups.push(() => server.stop());
    const peers: Peer[] = [];
    const notify = new NotifyPeers(`unix://${at('peers.sock')}`, undefined);
    notify.start({ set: (peer) => peers.push(peer), remove: () => {}, trouble: () => {} });
    cleanups.push(() => notify.stop());
    for (const deadline = Date.now() + 10_000; peers.length < 2 && Date.now() < deadline; ) await pause(5);
    assert.deepEqual(peers, [
      { name: 'a', address: '10.0.0.1:4244' },
      { name: 'east/b', address: '10.0.0.2', tlsServerName: 'b.east.hubble-grpc.cilium.io' },
    ]);
  });
});
