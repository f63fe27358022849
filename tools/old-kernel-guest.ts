// What tools/old-kernel.mjs runs in its guest: which programs this kernel takes and how it can be hooked, then the tests
// of capture on real packets. The last line says how much failed.

import { spawnSync } from 'node:child_process';
import { release } from 'node:os';
import { startCapture } from '#exporter/kernel/capture.ts';
import { checkSupport } from '#exporter/kernel/support.ts';

const DEFAULT_TESTS = ['capture', 'frames', 'messages'].map((name) => `exporter/kernel/${name}.kernel.test.ts`);

const say = (line: string) => process.stdout.write(`${line}\n`);

say(`Linux ${release()}`);
for (const { check, ok, detail } of checkSupport().findings) say(`${ok ? 'ok  ' : 'no  '} ${check}: ${detail}`);
let failed = 0;
const capture = await startCapture({ interfaces: 'lo', onRecords: () => {}, log: say });
for (const { name, enabled, reason } of capture.features) {
  say(`${enabled ? 'ok  ' : 'FAIL'} ${name}${reason === undefined ? '' : `: ${reason}`}`);
  if (!enabled) failed++;
}
await capture.stop();
const asked = process.argv.slice(2);
for (const file of asked.length > 0 ? asked : [...DEFAULT_TESTS, 'exporter/exporter.kernel.test.ts']) {
  const { status } = spawnSync(process.execPath, ['--test', '--test-reporter=spec', file], { stdio: 'inherit' });
  if (status !== 0) failed++;
}
say(`old-kernel: ${failed} failed`);
