import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { createServer as createTlsServer } from 'node:tls';
import { FlowRing } from '#observer/flow-ring.ts';
import { GrpcServer } from '#observer/grpc-server.ts';
import { registerObserver } from '#observer/observer-service.ts';
import { fixedPeers, registerPeerService } from '#observer/peer-service.ts';
import { ServerTls, type ServerTlsFiles } from '#observer/server-tls.ts';
import { TestCa } from '#observer/testing/certificates.ts';
import { ChangeNotificationType } from '#proto/gen/peer/peer.ts';
import { RelayTime } from '../relay-time.ts';
import { NotifyPeers } from './notify-peers.ts';
import { PeerConnection } from './peer-connection.ts';
import type { Peer } from './peer-set.ts';
import type { PeerTls } from './peer-tls.ts';

const ca = new TestCa();
const stranger = new TestCa();
const cleanups: (() => unknown)[] = [() => ca.remove(), () => stranger.remove()];
after(async () => {
  for (const clean of cleanups.reverse()) await clean();
});

const serverName = 'a.default.hubble-grpc.cilium.io';
const certificate = ca.issue('server', serverName);

async function serve(files?: ServerTlsFiles, everyMs = 1000): Promise<{ address: string; tls: ServerTls | undefined }> {
  const ring = new FlowRing({ capacityBytes: 1 << 20, endpointIds: 64, endpointKeyBytes: 1 << 16 });
  const tls = files === undefined ? undefined : await ServerTls.read(files, { everyMs });
  const server = new GrpcServer(tls === undefined ? {} : { credentials: tls });
  registerObserver(server, { ring, nodeName: 'a', version: 'test' });
  cleanups.push(
    () => server.stop(),
    () => tls?.stop(),
  );
  return { address: `127.0.0.1:${await server.listen('127.0.0.1:0')}`, tls };
}

/** Connects once and tells in which state and why that ends. */
async function outcomeOf(peer: Omit<Peer, 'name'> & { name?: string }, tls?: PeerTls): Promise<string> {
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
  const tls: PeerTls = { caFiles: [ca.caFile] };

  it('is ready over TLS under the name that the source of peers gave', async () => {
    const { address } = await serve(certificate);
    assert.equal(await outcomeOf({ address, tlsServerName: serverName }, tls), 'READY');
  });

  it('makes Hubble’s name of the node name where TLS is on and no name was given', async () => {
    const { address } = await serve(certificate);
    assert.equal(await outcomeOf({ name: 'a', address, tlsServerName: '' }, tls), 'READY');
    assert.equal(await outcomeOf({ name: 'a', address }, { ...tls, always: true }), 'READY');
    assert.match(await outcomeOf({ name: 'west/a', address }, { ...tls, always: true }), /another name.*a\.west\./);
    assert.equal(await outcomeOf({ name: address, address: `tls://${address}` }, { ...tls, serverName }), 'READY');
  });

  it('says that the certificate is for another name, has expired, or is signed by none of the CAs', async () => {
    const { address } = await serve(certificate);
    const other = await outcomeOf({ address, tlsServerName: 'b.default.hubble-grpc.cilium.io' }, tls);
    assert.match(other, /TRANSIENT_FAILURE its certificate is for another name/);
    assert.match(await outcomeOf({ address, tlsServerName: serverName }), /signed by none of the CAs/);
    const strangers = { caFiles: [stranger.caFile] };
    assert.match(await outcomeOf({ address, tlsServerName: serverName }, strangers), /signed by none of the CAs/);
    const expired = await serve(ca.issue('expired', serverName, { isExpired: true }));
    assert.match(await outcomeOf({ address: expired.address, tlsServerName: serverName }, tls), /has expired/);
  });

  it('says which side alone speaks TLS, and which speaks too old a TLS', async () => {
    const [secure, plain] = [await serve(certificate), await serve()];
    assert.match(await outcomeOf({ address: secure.address }), /expects TLS: this side spoke plaintext/);
    assert.match(await outcomeOf({ address: plain.address, tlsServerName: serverName }, tls), /does not speak TLS/);
    const old = createTlsServer({ cert: certificate.certificate, key: certificate.key, maxVersion: 'TLSv1.2' });
    await new Promise<void>((resolve) => old.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => old.close());
    const address = `127.0.0.1:${(old.address() as AddressInfo).port}`;
    assert.match(await outcomeOf({ address, tlsServerName: serverName }, tls), /speaks no TLS 1\.3/);
  });

  it('shows a client certificate where one is asked for, and says what is wrong with it', async () => {
    const { address } = await serve({ ...certificate, clientCaFiles: [ca.caFile] });
    const peer = { address, tlsServerName: serverName };
    const { certFile, keyFile } = ca.issue('client', 'relay');
    assert.equal(await outcomeOf(peer, { ...tls, certFile, keyFile }), 'READY');
    assert.match(await outcomeOf(peer, tls), /asks for a client certificate, and this side has none/);
    const foreign = stranger.issue('client', 'relay');
    assert.match(await outcomeOf(peer, { ...tls, ...foreign }), /does not accept the client certificate/);
    assert.match(await outcomeOf(peer, { ...tls, certFile }), /without its key/);
    assert.match(await outcomeOf(peer, { ...tls, certFile, keyFile: foreign.keyFile }), /does not belong to its key/);
  });

  it('says that nothing listens, and that an address cannot be read', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    assert.match(await outcomeOf({ address: `127.0.0.1:${port}` }), /nothing listens there/);
    assert.match(await outcomeOf({ address: '' }), /no host/);
  });

  it('reads the TLS files anew at each attempt', async () => {
    const { address } = await serve(certificate);
    const later = join(ca.folder, 'later.pem');
    const missing: PeerTls = { caFiles: [later] };
    assert.match(await outcomeOf({ address, tlsServerName: serverName }, missing), /later\.pem cannot be read/);
    copyFileSync(ca.caFile, later);
    assert.equal(await outcomeOf({ address, tlsServerName: serverName }, missing), 'READY');
  });

  it('is served a renewed certificate without a restart, and the old one while the new files do not fit', async () => {
    const [certFile, keyFile] = [join(ca.folder, 'live.pem'), join(ca.folder, 'live.key')];
    const install = (cert: string, key: string) => {
      copyFileSync(cert, certFile);
      copyFileSync(key, keyFile);
    };
    install(certificate.certFile, certificate.keyFile);
    const { address, tls: served } = await serve({ certFile, keyFile }, 5);
    assert.equal(await outcomeOf({ address, tlsServerName: serverName }, tls), 'READY');
    const renewed = ca.issue('renewed', 'renewed.default.hubble-grpc.cilium.io');
    install(renewed.certFile, certificate.keyFile);
    assert.equal(await outcomeOf({ address, tlsServerName: serverName }, tls), 'READY');
    install(renewed.certFile, renewed.keyFile);
    for (const deadline = Date.now() + 10_000; served?.reloads !== 1 && Date.now() < deadline; ) await pause(5);
    const peer = { address, tlsServerName: 'renewed.default.hubble-grpc.cilium.io' };
    assert.equal(await outcomeOf(peer, tls), 'READY');
    assert.equal(served?.serverName, 'renewed.default.hubble-grpc.cilium.io');
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
    const socket = `unix:${join(ca.folder, 'peers.sock')}`;
    await server.listen(socket);
    cleanups.push(() => server.stop());
    const peers: Peer[] = [];
    const notify = new NotifyPeers(`unix://${join(ca.folder, 'peers.sock')}`, undefined);
    notify.start({ set: (peer) => peers.push(peer), remove: () => {}, trouble: () => {} });
    cleanups.push(() => notify.stop());
    for (const deadline = Date.now() + 10_000; peers.length < 2 && Date.now() < deadline; ) await pause(5);
    assert.deepEqual(peers, [
      { name: 'a', address: '10.0.0.1:4244' },
      { name: 'east/b', address: '10.0.0.2', tlsServerName: 'b.east.hubble-grpc.cilium.io' },
    ]);
  });
});
