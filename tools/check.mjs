// `npm run check`: everything that can be told without running the product, in under a minute.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { installNpmPackages } from '../setup/npm-packages.mjs';
import { findNode, root } from '../setup/root.mjs';

const bin = (name) => join('node_modules', '.bin', name);

const checks = [
  ['types', bin('tsc'), ['-p', '.']],
  ['lint and format', bin('biome'), ['check', '--error-on-warnings', '.']],
  [
    'import rules',
    bin('depcruise'),
    [
      '--config',
      '.dependency-cruiser.cjs',
      '--no-progress',
      'proto',
      'flow',
      'policy',
      'observer',
      'kubernetes',
      'exporter',
      'relay',
      'app',
      'components',
      'bin',
      'demo',
      'setup',
      'deploy',
    ],
  ],
  ['dead code', bin('knip'), ['--no-progress']],
  ['generated code is current', 'node', [join('tools', 'proto-current.mjs')]],
  ['paths named in docs exist', 'node', [join('tools', 'doc-paths.mjs')]],
  ['file sizes', 'node', [join('tools', 'file-sizes.mjs')]],
];

// Plants files in the tree, so nothing else may read it meanwhile.
const alone = ['import rules can fail', 'node', [join('tools', 'planted-violation.mjs')]];

function runCheck([title, command, args]) {
  return new Promise((resolve) => {
    const begun = Date.now();
    // The tools' own launchers are Node scripts; running them on the pinned Node leaves the machine's out of it.
    const child = spawn(findNode(), command === 'node' ? args : [command, ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('close', (code) => {
      const ok = code === 0;
      process.stdout.write(`${ok ? 'ok  ' : 'FAIL'} ${title} (${((Date.now() - begun) / 1000).toFixed(1)} s)\n`);
      if (!ok) process.stdout.write(`${output.trimEnd()}\n`);
      resolve(ok);
    });
  });
}

await installNpmPackages();
// Two at a time: most of them are bound by one core each.
const waiting = [...checks];
const results = [];
const lane = async () => {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) results.push(await runCheck(next));
};
await Promise.all([lane(), lane()]);
results.push(await runCheck(alone));
process.exitCode = results.every(Boolean) ? 0 : 1;
