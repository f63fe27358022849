// A module above 400 lines needs a reason, given in its first lines as "Long because ...".

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../setup/root.mjs';

const limit = 400;
const files = spawnSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts', '*.tsx', '*.mjs', '*.c', '*.h'],
  { cwd: root, encoding: 'utf8' },
)
  .stdout.split('\n')
  .filter((path) => path !== '' && !path.startsWith('proto/gen/'));
const tooLong = files.filter((path) => {
  let text;
  try {
    text = readFileSync(join(root, path), 'utf8');
  } catch {
    return false;
  }
  return text.split('\n').length > limit && !text.slice(0, 800).includes('Long because');
});
if (tooLong.length > 0) {
  process.stderr.write(`longer than ${limit} lines without a reason:\n  ${tooLong.join('\n  ')}\n`);
  process.exitCode = 1;
}
