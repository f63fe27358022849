import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ConnectionIds } from './connection-ids.ts';
import { ConnectionLedger } from './connection-ledger.ts';
import { l7RecordLayout } from './layout.ts';
import { decodeRecord } from './records.ts';

const golden: { records: Record<string, string> } = JSON.parse(
  readFileSync(new URL('../../bpf/golden/records.json', import.meta.url), 'utf8'),
);

const ids = new ConnectionIds();

function decode(name: string, ledger = new ConnectionLedger(), change?: (bytes: Buffer) => Buffer) {
  const bytes = Buffer.from(golden.records[name] ?? '', 'hex');
  const changed = change?.(bytes) ?? bytes;
  const view = new DataView(changed.buffer, changed.byteOffset, changed.length);
  return decodeRecord(view, 0, changed.length, { ledger, ids, dropReasonName: (reason) => `reason ${reason}` });
}

test('a connection record is laid out from the initiator to the responder', () => {
  assert.deepEqual(decode('connection'), {
    type: 'connection',
    reason: 'closed',
    timeBootNs: 123456789012345,
    openedBootNs: 123456000000000,
    connectionId: 'TCP|10.1.2.3|80|10.1.2.4|54321',
    protocol: 'TCP',
    ipVersion: 4,
    initiator: {
      address: '10.1.2.4',
      port: 54321,
      bytes: 700,
      packets: 9,
      newBytes: 700,
      newPackets: 9,
      tcpFlags: 0x1a,
      socketCookie: 42,
      cgroupId: 26,
    },
    responder: {
      address: '10.1.2.3',
      port: 80,
      bytes: 5_000_000_000,
      packets: 12,
      newBytes: 5_000_000_000,
      newPackets: 12,
      tcpFlags: 0x1b,
      socketCookie: 41,
      cgroupId: 25,
    },
    view: 'source',
    interfaceIndex: 70_000,
    fromInitiator: false,
    packetTcpFlags: 0x11,
    joinedMidway: false,
  });
});

test('the same totals told again are nothing new, and totals that run backwards are not subtracted', () => {
  const ledger = new ConnectionLedger();
  decode('connection', ledger);
  const again = decode('connection', ledger);
  assert.ok(again?.type === 'connection');
  assert.equal(again.responder.newBytes, 0);
  assert.equal(again.responder.bytes, 5_000_000_000);
  const backwards = decode('connection', ledger, (bytes) => {
    bytes.writeBigUInt64LE(10n, 64);
    bytes.writeBigUInt64LE(1n, 72);
    return bytes;
  });
  assert.ok(backwards?.type === 'connection');
  assert.equal(backwards.responder.newBytes, 0);
  const onward = decode('connection', ledger, (bytes) => {
    bytes.writeBigUInt64LE(5_000_000_100n, 64);
    bytes.writeBigUInt64LE(13n, 72);
    return bytes;
  });
  assert.ok(onward?.type === 'connection');
  assert.equal(onward.responder.newBytes, 100);
});

test('a connection that reuses the ports of an earlier one starts from nothing', () => {
  const ledger = new ConnectionLedger();
  decode('connection', ledger);
  const next = decode('connection', ledger, (bytes) => {
    bytes.writeBigUInt64LE(123457000000000n, 56);
    return bytes;
  });
  assert.ok(next?.type === 'connection');
  assert.equal(next.initiator.newBytes, 700);
});

test('an L7 record keeps its own copy of the payload head', () => {
  let kernel: Buffer = Buffer.alloc(0);
  const record = decode('l7', undefined, (bytes) => {
    kernel = bytes;
    return bytes;
  });
  assert.ok(record?.type === 'l7');
  const { data, ...rest } = record;
  kernel.fill(0);
  decode('l7', undefined, (bytes) => bytes.fill(0x78, l7RecordLayout.sizeof));
  assert.equal(Buffer.from(data).toString(), 'GET / HTTP/1.1\r');
  assert.deepEqual(rest, {
    type: 'l7',
    timeBootNs: 123456789012345,
    connectionId: 'TCP|2001:db8::1|54321|2001:db8::2|8080',
    fromInitiator: true,
    observation: 'source',
    interfaceIndex: 7,
    protocol: 'TCP',
    ipVersion: 6,
    source: { address: '2001:db8::1', port: 54321 },
    destination: { address: '2001:db8::2', port: 8080 },
    sequence: 4_000_000_000,
    payloadLength: 1400,
    hint: 'http1',
    nothingMissed: true,
    wholeStream: false,
    socketCookie: 42,
    cgroupId: 26,
  });
});

test('a drop record names reason, place and what it stands for', () => {
  assert.deepEqual(decode('drop'), {
    type: 'drop',
    timeBootNs: 123456789012345,
    reason: 12,
    reasonName: 'reason 12',
    location: 'ffffffff81234567',
    symbol: 'nf_hook_slow',
    protocol: 'TCP',
    ipVersion: 4,
    source: { address: '10.1.2.1', port: 34596 },
    destination: { address: '10.1.2.2', port: 8081 },
    tcpFlags: 2,
    bytes: 60,
    interfaceIndex: 2,
    interfaceName: 'eth0',
    networkNamespace: 4026532247,
    direction: 'ingress',
    suppressedBefore: 5,
  });
});

test('a socket record tells owner, ends, health and failure', () => {
  assert.deepEqual(decode('socket'), {
    type: 'socket',
    event: 'connect_failed',
    timeBootNs: 123456789012345,
    socketCookie: 4153,
    cgroupId: 25,
    pid: 77,
    command: 'curl',
    executable: '/usr/bin/curl',
    networkNamespace: 4026531840,
    ipVersion: 4,
    local: { address: '10.1.2.1', port: 40000 },
    remote: { address: '10.1.2.2', port: 9 },
    health: { smoothedRttUs: 35, minimumRttUs: 33, retransmits: 1, connectUs: 1234 },
    failure: 'refused',
  });
});

test('a path longer than its room says that it is cut', () => {
  const record = decode('socket', undefined, (bytes) => Buffer.from(bytes.fill(0, 97, 98)));
  assert.equal(record?.type === 'socket' && record.executable, '…/usr/bin/curl');
});

test('records cut short or of unknown type are refused', () => {
  for (const name of Object.keys(golden.records)) {
    assert.equal(
      decode(name, undefined, (bytes) => bytes.subarray(0, -1)),
      undefined,
      name,
    );
    assert.equal(
      decode(name, undefined, (bytes) => bytes.subarray(0, 7)),
      undefined,
      name,
    );
    assert.equal(
      decode(name, undefined, (bytes) => Buffer.from(bytes.fill(99, 10, 11))),
      undefined,
      name,
    );
  }
});
