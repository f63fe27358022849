import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type BpfObject, loadObject } from './bpf-object.ts';
import { ConnectionLedger } from './connection-ledger.ts';
import { readCounters } from './counters.ts';
import type { KernelRecord } from './kernel-record.ts';
import { flowCounters } from './layout.ts';
import { decodeRecord } from './records.ts';
import { createRingBuffer, type RingBuffer } from './ring-buffer.ts';
import { kernelTestsImpossible } from './testing/pods.ts';
import { ethernet, ipv4, ipv6, tcp, testRun } from './testing/test-run.ts';

const impossible = kernelTestsImpossible();
const skip = impossible === undefined ? false : `needs root and a kernel with BTF: ${impossible}`;

const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const SYN = 2;
const RING_BYTES = 1 << 16;
const CONNECTIONS = 8;

describe('frames that are seldom seen on a test network', { skip }, () => {
  let ring: RingBuffer;
  let flow: BpfObject;

  before(() => {
    ring = createRingBuffer(RING_BYTES);
    flow = loadObject({
      file: new URL('../../bpf/prebuilt/flow.bpf.o', import.meta.url),
      settings: {
        tickNs: 5_000_000_000n,
        repeatNs: 1_000_000_000n,
        ignoredReasons: [],
        ringBytes: RING_BYTES,
        l7: true,
        l7Bytes: 64,
        includeNoise: false,
        dropsPerSecond: 1000,
      },
      ringFd: ring.fd,
      maxEntries: { connections4: CONNECTIONS, connections6: CONNECTIONS },
    });
  });

  after(() => {
    flow.close();
    ring.close();
  });

  /** Records a frame causes, and the counters it raised by how much. */
  function observe(frame: Buffer): { records: KernelRecord[]; raised: Record<string, number> } {
    const counters = () => readCounters(flow.mapFd('counters'), flowCounters);
    const earlier = counters();
    testRun(flow.programFd('veth_in'), frame);
    const records: KernelRecord[] = [];
    const context = { ledger: new ConnectionLedger(), dropReasonName: String };
    ring.drain((view, offset, length) => {
      const record = decodeRecord(view, offset, length, context);
      if (record !== undefined) records.push(record);
    });
    const raised = Object.entries(counters())
      .map(([name, count]) => [name, count - (earlier[name] ?? 0)] as const)
      .filter(([, count]) => count > 0);
    return { records, raised: Object.fromEntries(raised) };
  }

  function endsOf(records: readonly KernelRecord[]): string {
    const [record] = records;
    assert.ok(record?.type === 'connection');
    const { initiator, responder } = record;
    return `${record.protocol} ${initiator.address} ${initiator.port} ${responder.address} ${responder.port}`;
  }

  for (const tags of [[5], [5, 6]]) {
    test(`${tags.length} VLAN tag(s) left in the frame are stepped over`, () => {
      const { records } = observe(ethernet(IPV4, ipv4(6, tcp(SYN | (tags.length === 1 ? 0 : 4))), tags));
      assert.equal(endsOf(records), 'TCP 10.93.0.1 40000 10.93.0.2 8080');
    });
  }

  test('IPv6 extension headers are stepped over to the ports', () => {
    const hopByHop = Buffer.from([60, 0, 1, 4, 0, 0, 0, 0]);
    const destinationOptions = Buffer.from([6, 1, 1, 12, ...Buffer.alloc(12)]);
    const { records } = observe(ethernet(IPV6, ipv6(0, Buffer.concat([hopByHop, destinationOptions, tcp(SYN)]))));
    assert.equal(endsOf(records), 'TCP fd00::1 40000 fd00::2 8080');
  });

  test('later fragments are counted, not misread', () => {
    const noPorts = Buffer.alloc(64, 0x11);
    assert.deepEqual(observe(ethernet(IPV4, ipv4(17, noPorts, 185))), {
      records: [],
      raised: { packets: 1, fragments: 1 },
    });
    const fragmentHeader = Buffer.from([17, 0, 0x05, 0xc8, 0, 0, 0, 1]);
    assert.deepEqual(observe(ethernet(IPV6, ipv6(44, Buffer.concat([fragmentHeader, noPorts])))), {
      records: [],
      raised: { packets: 1, fragments: 1 },
    });
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
