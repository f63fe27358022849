// Proves that the import rules can fail: plants a file that breaks one and expects dependency-cruiser to name the rule.
// (With a TypeScript it cannot read, dependency-cruiser cruises nothing and is always content.)

import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findNode, root } from '../setup/root.mjs';

const plants = [
  ['flow', "import '#relay/relay.ts';\n", 'flow-imports-only-its-own'],
  ['policy', "import 'node:fs';\n", 'pure-rooms-stay-in-the-language'],
  ['components', "import '@grpc/grpc-js';\n", 'views-know-no-wire'],
];

for (const [room, text, rule] of plants) {
  const path = join(root, room, 'planted-violation.ts');
  writeFileSync(path, text);
  try {
    const args = ['--config', '.dependency-cruiser.cjs', '--no-progress', join(room, 'planted-violation.ts')];
    const result = spawnSync(findNode(), [join('node_modules', '.bin', 'depcruise'), ...args], {
      cwd: root,
      encoding: 'utf8',
    });
    if (result.status === 0 || !result.stdout.includes(rule)) {
      process.stderr.write(
        `a planted violation in ${room}/ did not break ${rule}:\n${result.stdout}${result.stderr}\n`,
      );
      process.exitCode = 1;
    }
  } finally {
    rmSync(path, { force: true });
  }
}
