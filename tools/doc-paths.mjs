// Every path that a document names in backquotes or links to must exist: a README that names a folder which is gone misleads.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../setup/root.mjs';

const documents = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: root,
  encoding: 'utf8',
})
  .stdout.split('\n')
  .filter((path) => path !== '');
const rooms =
  'proto|flow|policy|bpf|kubernetes|exporter|observer|relay|app|components|bin|deploy|demo|bench|e2e|docs|setup|tools';
const inBackquotes = new RegExp(`\`((?:${rooms})/[\\w@.\\-/\\[\\]]*)\``, 'g');
const inLinks = /\]\((?!https?:|#|mailto:)([^)#\s]+)(?:#[^)]*)?\)/g;

const missing = [];
for (const document of documents) {
  const text = readFileSync(join(root, document), 'utf8');
  for (const [, path] of text.matchAll(inBackquotes))
    if (!existsSync(join(root, path)) && !existsSync(join(root, dirname(document), path)))
      missing.push(`${document}: ${path}`);
  for (const [, path] of text.matchAll(inLinks))
    if (!existsSync(join(root, dirname(document), path))) missing.push(`${document}: ${path}`);
}
if (missing.length > 0) {
  process.stderr.write(`documents name what does not exist:\n  ${missing.join('\n  ')}\n`);
  process.exitCode = 1;
}
