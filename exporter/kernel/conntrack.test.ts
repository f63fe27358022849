import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConntrack } from './conntrack.ts';

/** Answers of Linux 6.18, to a question for 192.0.2.2:57318 > 10.97.1.1:80 and for a connection that is not there. */
const TRANSLATED =
  'd40000000001020000000000d51c000002000000340001801400018008000100c0000202080002000a6101011c000280050001000600000006' +
  '000200dfe6000006000300005000003400028014000180080001007f00000108000200c00002021c0002800500010006000000060002005333' +
  '000006000300dfe6000008000300000001ae080008000000000008000c007b8e263408000b0000000002080007000006977f300004802c0001' +
  '800500010003000000050002000a000000050003000a00000006000400230000000600050023000000';
const NOT_THERE =
  '5c0000000200000000000000d51c0000feffffff4800000001010100000000000000000002000000340001801400018008000100c000020208' +
  '000200090909091c000280050001000600000006000200dfe600000600030000010000';
const ENOENT = 2;

test('a translated connection is told with its client, what it dialled, and who answers', () => {
  assert.deepEqual(parseConntrack(Buffer.from(TRANSLATED, 'hex')), {
    client: { address: '192.0.2.2', port: 57_318 },
    dialled: { address: '10.97.1.1', port: 80 },
    server: { address: '127.0.0.1', port: 21_299 },
    masquerade: { address: '192.0.2.2', port: 57_318 },
  });
});

test('a connection whose answers come from where its requests go is not a translated one', () => {
  const plain = Buffer.from(
    TRANSLATED.replace('08000200' + '0a610101', '08000200' + '7f000001').replace('060003000050', '060003005333'),
    'hex',
  );
  assert.equal(parseConntrack(plain), undefined);
});

test("the kernel's refusal is its number", () => {
  assert.equal(parseConntrack(Buffer.from(NOT_THERE, 'hex')), ENOENT);
});

test('an answer cut short anywhere is no connection, and nothing is read beyond it', () => {
  const whole = Buffer.from(TRANSLATED, 'hex');
  const replyEnds = 20 + 0x34 + 0x34;
  for (let length = 0; length < replyEnds; length++) {
    const found = parseConntrack(Buffer.from(whole.subarray(0, length)));
    assert.ok(found === undefined, `${length} bytes`);
  }
});
