// Runs what an image holds, as a container runtime would: its tree as a read-only root, its own entry point, another user or
// a few capabilities, in a mount namespace of its own. No container engine is needed, but root is.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';

const images = join(import.meta.dirname, '..', 'images');

export type ImageName = 'exporter' | 'relay' | 'ui';

/** Why this cannot be run here; undefined where it can. */
export function noImages(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root on Linux';
  return undefined;
}

/** @returns the folder; it is removed after the tests */
export async function makeTree(name: ImageName): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), `parallax-image-${name}-`));
  try {
    await promisify(execFile)(process.execPath, [join(images, 'image-tree.mjs'), name, folder]);
  } catch (error) {
    rmSync(folder, { recursive: true });
    throw error;
  }
  return folder;
}

export interface RunningImage {
  readonly process: ChildProcess;
  /** Both streams, so far. */
  output(): string;
  readonly exitCode: Promise<number | null>;
}

/**
 * @param rights "nobody" for the images that are no root's, else the capabilities of a container that is root
 */
export function runImage(
  context: TestContext,
  name: ImageName,
  tree: string,
  args: readonly string[],
  rights: 'nobody' | readonly string[],
): RunningImage {
  const { entryPoint, user } = dockerfileOf(name);
  if ((rights === 'nobody') !== (user === '65534:65534')) throw new Error(`the Dockerfile runs ${name} as ${user}`);
  const mounts = [
    'mount --bind "$0" "$0"',
    'mount --rbind /proc "$0/proc"',
    'mount --rbind /sys "$0/sys"',
    'mount -o remount,bind,ro "$0"',
    'exec "$@"',
  ].join(' && ');
  // chroot itself needs one capability more; it opens nothing that capture uses.
  const bounding = rights === 'nobody' ? [] : ['sys_chroot', ...rights].flatMap((each) => `+${each.toLowerCase()}`);
  const change =
    rights === 'nobody'
      ? ['setpriv', '--no-new-privs', 'chroot', `--userspec=${user}`, tree]
      : [
          'setpriv',
          '--no-new-privs',
          '--inh-caps',
          '-all',
          '--bounding-set',
          ['-all', ...bounding].join(','),
          'chroot',
          tree,
        ];
  const child = spawn(
    'unshare',
    ['--mount', '--propagation', 'private', 'sh', '-c', mounts, tree, ...change, ...entryPoint, ...args],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { NODE_ENV: 'production', PATH: process.env.PATH } },
  );
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (text += String(chunk)));
  const exitCode = new Promise<number | null>((resolve) => child.once('close', resolve));
  context.after(async () => {
    child.kill('SIGKILL');
    await exitCode;
  });
  return { process: child, output: () => text, exitCode };
}

/** What the Dockerfile says of a target, so that the test runs the same. */
function dockerfileOf(name: ImageName): { readonly entryPoint: readonly string[]; readonly user: string } {
  const stages = readFileSync(join(images, 'Dockerfile'), 'utf8').split(/^FROM /m);
  const stage = stages.find((text) => text.split('\n')[0]?.endsWith(`AS ${name}`)) ?? '';
  const [, entryPoint = '[]'] = /^ENTRYPOINT (.*)$/m.exec(stage) ?? [];
  const [, user = '0:0'] = /^USER (.*)$/m.exec(stage) ?? [];
  return { entryPoint: JSON.parse(entryPoint), user };
}
