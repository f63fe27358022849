#!/usr/bin/env node
// The whole file tree of an image: `image-tree.mjs exporter|relay|ui FOLDER`. Debian's C libraries, the pinned Node, and the
// files that the process needs; no shell, no package manager. The Dockerfile runs this, and so does the test of it.

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { copyImageFiles } from './image-files.mjs';

const libraries = ['base-files', 'libc6', 'libgcc-s1', 'libstdc++6'];
const moreLibraries = { exporter: ['libbpf1', 'libelf1', 'zlib1g'], relay: [], ui: [] };

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const [target, folder] = process.argv.slice(2);

if (folder === undefined || !Object.hasOwn(moreLibraries, target)) {
  process.stderr.write('usage: image-tree.mjs exporter|relay|ui FOLDER\n');
  process.exit(2);
}
await makeTree(target, resolve(folder));

async function makeTree(name, tree) {
  unpackDebian([...libraries, ...moreLibraries[name]], tree);
  for (const user of ['root:x:0:0:root:/root:', 'nobody:x:65534:65534:nobody:/:']) {
    const path = join(tree, 'etc', 'passwd');
    const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
    writeFileSync(path, `${before}${user}/sbin/nologin\n`);
  }
  mkdirSync(join(tree, 'usr', 'local', 'bin'), { recursive: true });
  const node = join('node_modules', `node-linux-${process.arch}`, 'bin', 'node');
  cpSync(join(root, node), join(tree, 'usr', 'local', 'bin', 'node'));
  await copyImageFiles(name, root, join(tree, 'opt', 'parallax'));
}

/** Unpacked only: no scripts are run, so this needs neither mounts nor privileges, and works in an image's build. */
function unpackDebian(packages, tree) {
  const args = ['--variant=extract', `--include=${packages.join(',')}`, '--format=directory', 'bookworm', tree];
  const { status, stderr, error } = spawnSync('mmdebstrap', ['--quiet', ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`mmdebstrap ${args.join(' ')} failed: ${stderr ?? error?.message}`);
}
