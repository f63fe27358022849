import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const golden = join(import.meta.dirname, 'golden');

test('golden/records.json is what a C compiler makes of record.h', (context) => {
  if (spawnSync('cc', ['--version']).status !== 0) {
    assert.notEqual(process.env.CI, 'true', 'CI has to check the record layout: install a C compiler');
    context.skip('no C compiler (cc) is installed');
    return;
  }
  const directory = mkdtempSync(join(tmpdir(), 'parallax-golden-'));
  try {
    const program = join(directory, 'print');
    execFileSync('cc', ['-Wall', '-Wextra', '-Werror', '-Wpadded', '-o', program, join(golden, 'print.c')]);
    const printed = execFileSync(program, { encoding: 'utf8' });
    assert.equal(
      printed,
      readFileSync(join(golden, 'records.json'), 'utf8'),
      'the layout changed: print it anew, and bring exporter/kernel/layout.ts in line',
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
});
