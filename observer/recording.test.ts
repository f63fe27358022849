import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { openRecording, writeRecording } from './recording.ts';

const folder = mkdtempSync(join(tmpdir(), 'parallax-recording-'));
after(() => rmSync(folder, { recursive: true }));

async function* from(messages: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* messages;
}

async function readAll(path: string): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for await (const message of (await openRecording(path)).messages()) all.push(Uint8Array.from(message));
  return all;
}

test('what is written is read back, byte for byte and in order', async () => {
  const path = join(folder, 'whole.plx');
  const messages = [0, 1, 127, 128, 300, 70_000].map((size) => new Uint8Array(size).fill(size % 251));
  await writeRecording(path, 'sizes around the varint steps', 'node-1', from(messages));
  assert.deepEqual(await readAll(path), messages);
  assert.equal((await openRecording(path)).header.recordedOn, 'node-1');
});

test('a file cut short is refused by name instead of ending quietly', async () => {
  const path = join(folder, 'cut.plx');
  await writeRecording(path, '', '', from([new Uint8Array(50_000).map((_, index) => (index * 7919) % 256)]));
  truncateSync(path, Math.floor(readFileSync(path).length / 2));
  await assert.rejects(readAll(path), /cut\.plx cannot be read as a recording/);
});

test('a file of another kind is refused in words', async () => {
  const path = join(folder, 'other.plx');
  writeFileSync(path, 'plain text');
  await assert.rejects(readAll(path), /cannot be read as a recording/);
  writeFileSync(path, gzipSync(Buffer.from([3, 1, 2, 3])));
  await assert.rejects(readAll(path), /is no recording of this version/);
  await assert.rejects(readAll(join(folder, 'absent.plx')), /absent\.plx/);
});

test('an absurd length is refused before memory is taken for it', async () => {
  const path = join(folder, 'absurd.plx');
  const header = Buffer.concat([Buffer.from([22, 10, 20]), Buffer.from('parallax-recording/1')]);
  writeFileSync(path, gzipSync(Buffer.concat([header, Buffer.from([0xff, 0xff, 0xff, 0xff, 0x7f])])));
  await assert.rejects(readAll(path), /claims \d+ bytes/);
});
