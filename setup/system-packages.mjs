// Debian packages: what is missing is installed where root and apt are there, after saying so; elsewhere the exact
// command is printed and the start goes on with what works.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { say, step } from './report.mjs';
import { run } from './run.mjs';

/** Needed to see this host's traffic. */
export const runtimePackages = ['libbpf1'];
/** The demo's services and its network. */
export const demoPackages = ['iproute2', 'nftables', 'redis-server', 'postgresql', 'nginx-light', 'dnsmasq-base'];
/** Tests: a real browser, and the compiler that the prebuilt BPF objects are compared with. */
export const testPackages = [
  ...runtimePackages,
  ...demoPackages,
  ...[
    'chromium',
    'clang-19',
    'llvm-19',
    'libbpf-dev',
    'linux-libc-dev',
    'gcc',
    'libc6-dev',
    'bpftool',
    'python3',
    'curl',
    'redis-tools',
    'prometheus',
    'mmdebstrap',
  ],
];

export function missingPackages(names) {
  if (spawnSync('dpkg-query', ['--version']).status !== 0) return [];
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own placeholders
  const asked = spawnSync('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\n', ...names], {
    encoding: 'utf8',
  });
  const installed = new Set(
    asked.stdout
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  );
  return names.filter((name) => !installed.has(name));
}

/** @returns {Promise<string[]>} the packages that are still missing. */
export async function ensureSystemPackages(names, purpose) {
  const missing = missingPackages(names);
  if (missing.length === 0) return [];
  const command = `apt-get install --no-install-recommends ${missing.join(' ')}`;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    say(`For ${purpose} these Debian packages are missing. As root, run:\n    ${command}\nGoing on without them.`);
    return missing;
  }
  say(`For ${purpose} these Debian packages are missing and will be installed now: ${missing.join(' ')}`);
  try {
    await step(`apt-get (${missing.length} packages)`, () => withoutServiceStarts(() => aptInstall(missing)));
  } catch (error) {
    say(`That did not work. Going on without them; the mend is to run \`${command}\` by hand.\n${error.message}`);
  }
  return missingPackages(names);
}

async function aptInstall(names) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = () => run('apt-get', ['install', '-y', '--no-install-recommends', ...names], { env });
  // The package lists of a fresh machine are empty or old; asking first without an update saves seconds elsewhere.
  await install().catch(async () => {
    await run('apt-get', ['update'], { env });
    await install();
  });
}

// Debian starts a service as soon as its package is installed. We want the programs only, so starts are refused while
// we install (policy-rc.d is Debian's own switch for that), and whatever rule was there before is put back.
async function withoutServiceStarts(work) {
  const path = '/usr/sbin/policy-rc.d';
  const before = existsSync(path) ? readFileSync(path) : undefined;
  writeFileSync(path, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await work();
  } finally {
    if (before === undefined) rmSync(path, { force: true });
    else writeFileSync(path, before);
  }
}
