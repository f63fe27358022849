import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { FollowedFile } from './follow-file.ts';

const folder = await mkdtemp(join(tmpdir(), 'parallax-log-'));
after(() => rm(folder, { recursive: true }));

/** Looks only when asked, so that nothing depends on time. */
async function follow(name: string) {
  const seen = { lines: [] as string[], tooLong: 0 };
  const path = join(folder, name);
  await writeFile(path, 'long ago\n');
  const file = new FollowedFile(path, {
    onLine: (line) => seen.lines.push(line),
    onTooLong: () => {
      seen.tooLong += 1;
    },
    onTrouble: () => {},
  });
  await file.look();
  after(async () => {
    file.stop();
    await file.run();
  });
  return { path, file, seen };
}

test('lines come once each, a part of a line only when it is whole, and none of those that were there before', async () => {
  const { path, file, seen } = await follow('grow');
  await appendFile(path, 'one\ntw');
  await file.look();
  assert.deepEqual(seen.lines, ['one']);
  await appendFile(path, 'o\r\nthree\n');
  await file.look();
  await file.look();
  assert.deepEqual(seen.lines, ['one', 'two', 'three']);
});

test('after renaming, the old file is read to its end before the new one', async () => {
  const { path, file, seen } = await follow('rename');
  await appendFile(path, 'one\n');
  await rename(path, `${path}.1`);
  await appendFile(`${path}.1`, 'two\n');
  await writeFile(path, 'three\n');
  await file.look();
  assert.deepEqual(seen.lines, ['one', 'two', 'three']);
});

test('a file that was emptied is read from its beginning', async () => {
  const { path, file, seen } = await follow('truncate');
  await appendFile(path, 'one\n');
  await file.look();
  await truncate(path);
  await file.look();
  await appendFile(path, 'x\n');
  await file.look();
  assert.deepEqual(seen.lines, ['one', 'x']);
});

test('a line beyond the bound is counted and left out, and the next one is read', async () => {
  const { path, file, seen } = await follow('long');
  await appendFile(path, `${'b'.repeat(3_000_000)}\nafter\n`);
  await file.look();
  assert.deepEqual([seen.tooLong, seen.lines], [1, ['after']]);
});

test('a file that is not there is told in words', async () => {
  const file = new FollowedFile(join(folder, 'none'), { onLine() {}, onTooLong() {}, onTrouble() {} });
  await assert.rejects(file.look(), /ENOENT/);
});
