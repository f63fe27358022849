import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { decodeTlsPiece } from './tls-piece.ts';

const golden: { records: { tls: string } } = JSON.parse(
  readFileSync(new URL('../../bpf/golden/records.json', import.meta.url), 'utf8'),
);
const bytes = Buffer.from(golden.records.tls, 'hex');
const decode = (length: number, change: (view: DataView) => void = () => {}) => {
  const copy = new Uint8Array(bytes);
  const view = new DataView(copy.buffer);
  change(view);
  return decodeTlsPiece(view, 0, length);
};

test('a piece of plaintext is decoded as the C side wrote it', () => {
  const { data, ...piece } = decode(bytes.length) ?? assert.fail('not decoded');
  assert.equal(Buffer.from(data).toString(), 'GET / HTTP/1.1\r');
  assert.deepEqual(piece, {
    kind: 'read',
    timeBootNs: 123456789012345,
    pid: 77,
    connection: '7f0012345678',
    socket: {
      join: 'inside',
      cookie: 4153,
      ipVersion: 4,
      local: { address: '10.1.2.1', port: 443 },
      remote: { address: '10.1.2.2', port: 40_000 },
    },
    offset: 3000,
    length: 9000,
  });
});

test('a record that is short, or claims more bytes than it has, or is of another kind is none', () => {
  assert.equal(decode(bytes.length - 1), undefined);
  assert.equal(decode(103), undefined);
  assert.equal(
    decode(bytes.length, (view) => view.setUint8(11, 9)),
    undefined,
  );
  assert.equal(
    decode(bytes.length, (view) => view.setUint8(10, 1)),
    undefined,
  );
});

test('without a join there is no socket', () => {
  assert.equal(decode(bytes.length, (view) => view.setUint8(24 + 49, 0))?.socket, undefined);
});
