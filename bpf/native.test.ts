import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const frames = 200_000;

test('made-up and damaged frames are parsed as meant, and no byte out of reach is touched, under sanitizers', (context) => {
  if (spawnSync('cc', ['--version']).status !== 0) {
    assert.notEqual(process.env.CI, 'true', 'CI has to run the packet programs under sanitizers: install a C compiler');
    context.skip('no C compiler (cc) is installed');
    return;
  }
  const directory = mkdtempSync(join(tmpdir(), 'parallax-native-'));
  try {
    const program = join(directory, 'fuzz');
    execFileSync(join(import.meta.dirname, 'native', 'build.sh'), [program], { stdio: 'pipe' });
    const { status, stdout, stderr } = spawnSync(program, [String(frames), '1'], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    const tally: Record<string, number> = JSON.parse(stdout);
    assert.equal(tally.frames, frames);
    // Every way was gone, and often: a fuzzer that is turned away at the door proves nothing.
    for (const [what, least] of Object.entries({
      intactParsed: frames / 3,
      bothWays: frames / 5,
      connectionRecords: frames / 5,
      l7Records: frames / 20,
    }))
      assert.ok((tally[what] ?? 0) > least, `${what}: ${tally[what]}`);
    // One for each part of a payload, 512 steps of a walk at most.
    assert.ok((tally.mostRecordsOfAFrame ?? Number.POSITIVE_INFINITY) <= 514);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
