// Generates the TypeScript and the descriptors of proto/ anew into a scratch folder and compares them with what is committed.

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findNode, root } from '../setup/root.mjs';

const scratch = mkdtempSync(join(tmpdir(), 'parallax-proto-'));
try {
  symlinkSync(join(root, 'node_modules'), join(scratch, 'node_modules'));
  cpSync(join(root, 'proto'), join(scratch, 'proto'), { recursive: true });
  rmSync(join(scratch, 'proto', 'gen'), { recursive: true, force: true });
  buf(['generate']);
  buf(['build', '--exclude-source-info', '-o', 'descriptors.binpb']);
  const different = [...filesOf('proto/gen'), 'proto/descriptors.binpb'].filter((path) => !same(path));
  if (different.length > 0) {
    process.stderr.write(`not what proto/ generates now (npm run proto):\n  ${different.join('\n  ')}\n`);
    process.exitCode = 1;
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function buf(args) {
  const result = spawnSync(findNode(), [join(root, 'node_modules', '.bin', 'buf'), ...args], {
    cwd: join(scratch, 'proto'),
    encoding: 'utf8',
  });
  if (result.status !== 0) throw new Error(`buf ${args.join(' ')}: ${result.stderr}`);
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
