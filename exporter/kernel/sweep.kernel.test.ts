import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import { ConnectionLedger } from './connection-ledger.ts';
import { jiffyNs, readJiffies } from './jiffies.ts';
import { Sweep } from './sweep.ts';
import { type LoadedFlow, loadFlow } from './testing/loaded-flow.ts';
import { kernelTestsImpossible } from './testing/pods.ts';
import { ethernet, ipv4, ipv6, tcp, udp } from './testing/test-run.ts';

const impossible = kernelTestsImpossible();
const skip = impossible === undefined ? false : `needs root and a kernel with BTF: ${impossible}`;

const [IPV4, IPV6] = [0x0800, 0x86dd];
const [TCP, UDP] = [6, 17];
const [FIN, SYN, RST, ACK] = [1, 2, 4, 16];
const CAPACITY = 16;
const ANSWER = { source: 8080, destination: 40_000 };

describe('connections that end or fall silent', { skip }, () => {
  let loaded: LoadedFlow | undefined;
  let sweeps: Sweep[] = [];
  let begin = 0;

  beforeEach(() => {
    loaded?.close();
    loaded = loadFlow({ connections: CAPACITY });
    const { flow } = loaded;
    const ledger = new ConnectionLedger();
    sweeps = ([4, 6] as const).map(
      (family) => new Sweep({ mapFd: flow.mapFd(`connections${family}`), family, capacity: CAPACITY }, ledger),
    );
    begin = readJiffies(flow.programFd('read_jiffies'));
  });

  after(() => loaded?.close());

  const see = (version: 4 | 6, protocol: number, segment: Buffer, isAnswer = false) => {
    const packet = version === 4 ? ipv4(protocol, segment) : ipv6(protocol, segment);
    const [at, bytes] = version === 4 ? [12, 4] : [8, 16];
    if (isAnswer)
      Buffer.concat([packet.subarray(at + bytes, at + 2 * bytes), packet.subarray(at, at + bytes)]).copy(packet, at);
    loaded?.run(ethernet(version === 4 ? IPV4 : IPV6, packet));
  };
  /** What the sweeps tell that many seconds after the begin, and how many connections the pass met. */
  const later = (seconds: number) => {
    const jiffies = begin + Math.ceil((seconds * 1e9) / jiffyNs());
    return sweeps.flatMap((sweep) => sweep.step(jiffies, 0)).map(({ reason, protocol }) => `${protocol} ${reason}`);
  };
  const left = () => sweeps.reduce((sum, sweep) => sum + sweep.entries, 0);

  for (const version of [4, 6] as const) {
    test(`silent datagrams over IPv${version} leave after 30 s, told as idle with what was not told before`, () => {
      see(version, UDP, udp(Buffer.alloc(8)));
      assert.deepEqual(later(1), [], 'still talking');
      assert.deepEqual(later(3), ['UDP tick'], 'what a quiet connection has not told');
      see(version, UDP, udp(Buffer.alloc(8), ANSWER), true);
      assert.deepEqual(later(31), ['UDP idle']);
      assert.deepEqual(later(32), []);
      assert.equal(left(), 0);
    });

    test(`established TCP over IPv${version} may be silent for 15 minutes, then leaves`, () => {
      see(version, TCP, tcp(SYN));
      assert.deepEqual(later(3), ['TCP tick']);
      assert.deepEqual(later(890), []);
      assert.equal(left(), 1);
      later(910);
      later(911);
      assert.equal(left(), 0);
    });
  }

  for (const [how, ends] of [
    ['a reset', () => see(4, TCP, tcp(RST | ACK, undefined, ANSWER), true)],
    [
      'both ends',
      () => {
        see(4, TCP, tcp(FIN | ACK));
        see(4, TCP, tcp(FIN | ACK, undefined, ANSWER), true);
      },
    ],
  ] as const) {
    test(`TCP that ended by ${how} leaves after 2 s`, () => {
      see(4, TCP, tcp(SYN));
      ends();
      later(1);
      later(1.5);
      assert.equal(left(), 1);
      assert.deepEqual(later(3), ['TCP closed']);
      later(4);
      assert.equal(left(), 0);
    });
  }

  test('in a crowded table silent TCP has to leave like datagrams', () => {
    for (let port = 1; port <= 13; port++) see(4, TCP, tcp(SYN, undefined, { source: port, destination: 8080 }));
    later(31);
    assert.equal(left(), 13, 'counted by the first pass');
    later(32);
    later(33);
    assert.equal(left(), 0);
  });
});
