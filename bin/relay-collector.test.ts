import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';

// The engine tells nobody which flags it has, so the process is started with an ear at the call that sets them.
const ear = `import v8 from 'node:v8';
import { syncBuiltinESMExports } from 'node:module';
const set = v8.setFlagsFromString;
v8.setFlagsFromString = (flag) => {
  process.stdout.write('flag ' + flag + '\\n');
  set(flag);
};
syncBuiltinESMExports();`;

test('a relay sets the collector for its work before it serves: a third of its CPU time depends on it', async (context) => {
  const child = spawn(
    process.execPath,
    [
      ...['--import', `data:text/javascript,${encodeURIComponent(ear)}`],
      ...[join(import.meta.dirname, 'parallax.ts'), 'relay', '--listen', '127.0.0.1:0', '--peers', '127.0.0.1:1'],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  context.after(async () => {
    child.kill('SIGKILL');
    await once(child, 'close');
  });
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    lines.push(line);
    if (line.startsWith('relay ready')) break;
  }
  assert.equal(lines[0], 'flag --external-memory-accounted-in-global-limit', lines.join('\n'));
});
