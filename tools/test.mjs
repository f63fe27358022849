// `npm test`: sets up what is missing, then runs unit, contract and component tests, kernel tests, and the stories in a
// real browser, in this order, and ends with one line of counts. Arguments narrow it: `npm test -- unit observer`.

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { installNpmPackages } from '../setup/npm-packages.mjs';
import { say } from '../setup/report.mjs';
import { findNode, noNodeText, root } from '../setup/root.mjs';
import { ensureSystemPackages, testPackages } from '../setup/system-packages.mjs';
import { buildUi } from '../setup/ui-build.mjs';

const suites = { unit: runUnit, kernel: runKernel, e2e: runStories };
const asked = process.argv.slice(2);
const chosen = asked.filter((word) => Object.hasOwn(suites, word));
const folders = asked.filter((word) => !Object.hasOwn(suites, word));

await ensureSystemPackages(testPackages, 'the tests');
await installNpmPackages();
if (findNode() === undefined) {
  say(noNodeText);
  process.exit(1);
}
const total = { passed: 0, failed: 0, skipped: 0 };
for (const [name, runSuite] of Object.entries(suites)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  const begun = Date.now();
  say(`\n== ${name} tests ==`);
  const counts = await runSuite();
  say(
    `== ${name}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped in ${((Date.now() - begun) / 1000).toFixed(0)} s ==`,
  );
  for (const key of Object.keys(total)) total[key] += counts[key];
}
// A skip on a machine that could run the test hides a gap, so CI counts it as a failure.
if (process.env.CI && total.skipped > 0) {
  say(`${total.skipped} tests were skipped; under CI that is a failure.`);
  total.failed += total.skipped;
}
say(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;

function testFiles(kernel) {
  const rooms = [
    'flow',
    'policy',
    'observer',
    'kubernetes',
    'exporter',
    'relay',
    'components',
    'app',
    'demo',
    'bin',
    'bpf',
    'setup',
    'tools',
    'deploy',
    'bench',
  ];
  const all = rooms
    .filter((room) => existsSync(join(root, room)))
    .flatMap((room) => readdirSync(join(root, room), { recursive: true }).map((path) => join(room, path)));
  return all
    .filter((path) => /[.]test[.](ts|mjs)$/.test(path) && path.endsWith('.kernel.test.ts') === kernel)
    .filter((path) => folders.length === 0 || folders.some((folder) => path.startsWith(folder)))
    .sort();
}

function runUnit() {
  return runNodeTests(testFiles(false), 2);
}

// One at a time: they share the machine's network namespaces, devices and hooks.
async function runKernel() {
  const files = testFiles(true);
  // The images hold the built page. Built here it does not count towards a test's time; why it fails is told there.
  if (files.some((path) => path.startsWith('deploy'))) await buildUi().catch(() => undefined);
  return runNodeTests(files, 1);
}

async function runNodeTests(files, concurrency) {
  if (files.length === 0) return { passed: 0, failed: 0, skipped: 0 };
  const countsPath = scratchFile(`counts-${concurrency}.json`);
  const spec = ['--test-reporter', 'spec', '--test-reporter-destination', 'stdout'];
  const count = ['--test-reporter', './tools/count-reporter.mjs', '--test-reporter-destination', countsPath];
  const limits = ['--test', `--test-concurrency=${concurrency}`, '--test-timeout=180000'];
  const code = await runNode(['--disable-warning=ExperimentalWarning', ...limits, ...spec, ...count, ...files]);
  return countsOf(countsPath, code);
}

async function runStories() {
  await buildUi();
  const countsPath = scratchFile('counts-e2e.json');
  const code = await runNode(
    [join('node_modules', 'playwright', 'cli.js'), 'test', '--config', 'e2e/playwright.config.ts', ...folders],
    {
      PARALLAX_COUNTS: countsPath,
    },
  );
  return countsOf(countsPath, code);
}

function scratchFile(name) {
  mkdirSync(join(root, '.cache'), { recursive: true });
  const path = join(root, '.cache', name);
  rmSync(path, { force: true });
  return path;
}

/** A runner that failed without counting a failure (a crash, a file that does not load) still is one. */
function countsOf(path, code) {
  let counts = { passed: 0, failed: 0, skipped: 0 };
  try {
    counts = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    say(`the test runner left no counts (exit code ${code})`);
  }
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

function runNode(args, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(findNode(), args, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1', ...env },
    });
    child.on('exit', (code) => resolve(code ?? 1));
  });
}
