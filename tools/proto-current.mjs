// Generates the TypeScript and the descriptors of proto/ anew into a scratch folder and compares them with what is committed.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findNode, root } from '../setup/root.mjs';

const scratch = mkdtempSync(join(tmpdir(), 'parallax-proto-'));
try {
  mkdirSync(join(scratch, 'proto'));
  const made = spawnSync(findNode(), [join(root, 'proto', 'generate.mjs'), join(scratch, 'proto')], {
    encoding: 'utf8',
  });
  if (made.status !== 0) throw new Error(`proto/generate.mjs: ${made.stderr}`);
  const different = [...filesOf('proto/gen'), 'proto/descriptors.binpb'].filter((path) => !same(path));
  if (different.length > 0) {
    process.stderr.write(`not what proto/ generates now (npm run proto):\n  ${different.join('\n  ')}\n`);
    process.exitCode = 1;
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** Paths that stand in either tree. */
function filesOf(folder) {
  const list = (base) =>
    readdirSync(join(base, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(base.length + 1));
  return [...new Set([...list(root), ...list(scratch)])];
}

function same(path) {
  const [mine, made] = [join(root, path), join(scratch, path)];
  return existsSync(mine) && existsSync(made) && readFileSync(mine).equals(readFileSync(made));
}
