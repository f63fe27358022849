import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { explainConnectionError } from '#observer/connection-error.ts';
import { parsePeerAddress, peerAddressText } from '#observer/peer-address.ts';
import { backoffMs } from './backoff.ts';
import { DnsPeers } from './dns-peers.ts';
import { hubbleServerName } from './hubble-server-name.ts';
import type { Peer, PeerListener } from './peer-set.ts';
import { Seam } from './seam.ts';

class Recorder implements PeerListener {
  readonly log: string[] = [];

  set(peer: Peer): void {
    this.log.push(`+${peer.address}`);
  }

  remove(name: string): void {
    this.log.push(`-${name}`);
  }

  trouble(text: string | undefined): void {
    if (text !== undefined) this.log.push(text);
  }
}

describe('parsePeerAddress', () => {
  it('reads each form in which a peer is named, with Hubble’s port where none is given', () => {
    const forms: [string, string][] = [
      ['10.0.0.1', '10.0.0.1:4244'],
      ['node-1:80', 'node-1:80'],
      ['[fd00::1]:4245', '[fd00::1]:4245'],
      ['fd00::1', '[fd00::1]:4244'],
      ['tls://node-1:443', 'node-1:443'],
      ['unix:///run/hubble.sock', 'unix:///run/hubble.sock'],
    ];
    for (const [given, meant] of forms) assert.equal(peerAddressText(parsePeerAddress(given)), meant);
  });

  it('says which part of an address it cannot read', () => {
    assert.throws(() => parsePeerAddress('node-1:http'), /port "http"/);
    assert.throws(() => parsePeerAddress('node-1:70000'), /1 to 65535/);
    assert.throws(() => parsePeerAddress(''), /no host/);
    assert.throws(() => parsePeerAddress('unix:'), /no socket/);
  });
});

describe('backoffMs', () => {
  it('doubles up to its bound, and spreads by half', () => {
    const options = { firstMs: 100, maxMs: 1000 };
    assert.deepEqual(
      [1, 2, 3, 4, 5, 50].map((failures) => backoffMs(failures, 0.999999, options)),
      [100, 200, 400, 800, 1000, 1000],
    );
    assert.equal(backoffMs(3, 0, options), 200);
  });
});

describe('explainConnectionError', () => {
  it('tells a peer that expects TLS from one that does not speak it', () => {
    assert.match(explainConnectionError({ code: 'ECONNRESET' }, false), /expects TLS/);
    assert.match(explainConnectionError({ code: 'ERR_SSL_WRONG_VERSION_NUMBER' }, true), /does not speak TLS/);
    assert.match(explainConnectionError({ code: 'ECONNREFUSED' }, false), /nothing listens/);
  });
});

describe('hubbleServerName', () => {
  it('is the name that Hubble’s agents have in their certificates', () => {
    assert.equal(hubbleServerName('east.eu/node.1'), 'node-1.east-eu.hubble-grpc.cilium.io');
    assert.equal(hubbleServerName('node-2'), 'node-2.default.hubble-grpc.cilium.io');
  });
});

describe('DnsPeers', () => {
  it('tells addresses that come and go, and keeps them while the name server is away', async () => {
    const answers: (readonly string[] | Error)[] = [
      ['10.0.0.1', '10.0.0.2'],
      new Error('SERVFAIL'),
      ['10.0.0.2', 'fd00::3'],
    ];
    const recorder = new Recorder();
    await new Promise<void>((resolve) => {
      const peers = new DnsPeers('dns:///nodes:4244', 1, async () => {
        const answer = answers.shift();
        if (answer === undefined) {
          peers.stop();
          resolve();
          return [];
        }
        if (answer instanceof Error) throw answer;
        return answer;
      });
      peers.start(recorder);
    });
    assert.deepEqual(recorder.log, [
      '+10.0.0.1:4244',
      '+10.0.0.2:4244',
      'nodes cannot be resolved: SERVFAIL',
      '-10.0.0.1:4244',
      '+[fd00::3]:4244',
    ]);
  });
});

describe('Seam', () => {
  it('drops exactly what the second stream repeats, whatever the first had of the peer’s ring', () => {
    // Times in steps of 10 ms and two lengths, so that equal pairs are frequent.
    const flow = fc.record({ step: fc.integer({ min: 0, max: 300 }), length: fc.constantFrom(900, 901) });
    fc.assert(
      fc.property(fc.array(flow, { minLength: 1, maxLength: 120 }), fc.nat(), (flows, cut) => {
        const ring = flows
          .map(({ step, length }) => ({ timeNs: step * 1e7, length }))
          .sort((a, b) => a.timeNs - b.timeNs);
        const read = 1 + (cut % ring.length);
        const seam = new Seam();
        for (const { timeNs, length } of ring.slice(0, read)) assert.equal(seam.note(timeNs, length), 'new');
        const sinceNs = seam.resume() ?? Number.NaN;
        const told = ring
          .filter(({ timeNs }) => timeNs >= sinceNs)
          .map(({ timeNs, length }) => seam.note(timeNs, length));
        assert.equal(told.filter((what) => what === 'new').length, ring.length - read);
        assert.ok(!told.includes('gap'));
      }),
      { numRuns: 200 },
    );
  });

  it('goes on where most flows were, when a few were stamped with a time of their own', () => {
    const seam = new Seam();
    for (let i = 0; i < 20_000; i += 1) seam.note(i % 3000 === 17 ? 9e27 : i * 1e6, 900);
    assert.equal(seam.resume(), 19_999e6 - 1e9);
    assert.equal(seam.note(19_999e6, 900), 'duplicate');
    assert.equal(seam.note(20_000e6, 900), 'new');
  });

  it('finds a gap when the peer no longer has what was seen last', () => {
    const seam = new Seam();
    seam.note(1e9, 900);
    assert.equal(seam.resume(), 0);
    assert.equal(seam.note(5e9, 900), 'gap');
    assert.equal(seam.note(6e9, 900), 'new');
  });
});
