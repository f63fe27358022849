// Remembers for which inputs a step last succeeded, so that it runs again only when they changed.

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './root.mjs';

const skipped = new Set(['node_modules', '.next', '.cache', '.git']);

/** Hash over names and contents of files and folders, in a stable order. A missing one counts as empty. */
export function hashOf(paths) {
  const hash = createHash('sha256');
  const visit = (path) => {
    let stat;
    try {
      stat = statSync(join(root, path));
    } catch {
      return;
    }
    if (stat.isDirectory()) {
      for (const name of readdirSync(join(root, path)).sort()) if (!skipped.has(name)) visit(join(path, name));
    } else if (!/\.test\.tsx?$/.test(path)) {
      hash.update(`${path}\0${stat.size}\0`).update(readFileSync(join(root, path)));
    }
  };
  for (const path of paths) visit(path);
  return hash.digest('hex');
}

/** Runs `work` unless the stamp already holds `value`. A failed step leaves no stamp. */
export async function onlyIfChanged(stampPath, value, work) {
  const path = join(root, stampPath);
  try {
    if (readFileSync(path, 'utf8') === value) return false;
  } catch {
    // No stamp yet: the step has never succeeded here.
  }
  rmSync(path, { force: true });
  await work();
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, value);
  return true;
}
