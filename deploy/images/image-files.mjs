// Which of the project's files one process needs: sources that its command reaches, the packages that these import with what
// those depend on, and data that is read by path. Nothing else goes into an image.

import { cpSync, existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

/** In a pod access is by the service account; a kubeconfig's client alone would be 60 MB. */
const leftOut = new Set(['kubernetes/kubeconfig-access.ts']);

/** Read by path at run time, so no import leads to them. */
const dataFiles = {
  exporter: ['proto/descriptors.binpb', 'bpf/prebuilt'],
  relay: ['proto/descriptors.binpb'],
  ui: ['.next/standalone'],
};

/**
 * Copies them below `folder`, under their own paths.
 * @param target exporter, relay or ui  @param root the project, with its packages installed and its page built
 */
export async function copyImageFiles(target, root, folder) {
  const { sources, packages } = await reachedBy(target, root);
  const all = ['package.json', ...dataFiles[target], ...sources, ...installedPaths(packages, root)];
  for (const path of all) {
    if (!existsSync(join(root, path)))
      throw new Error(`${path} is missing: run \`npm install\` and \`npm run build\` first.`);
    // Packages within packages are found by their own names, and only those that are needed.
    const filter = (from) => !from.slice(join(root, path).length).includes('node_modules') || target === 'ui';
    cpSync(join(root, path), join(folder, path), { recursive: true, filter });
  }
}

/** Loads the file of the command that is asked for, or all of them for --help. */
const entryPoint = 'bin/parallax.ts';

/**
 * The files of all commands, and what the command for this process loads later. Commands load their rooms when they run, so
 * the rooms of other commands are not reached.
 */
async function reachedBy(target, root) {
  const { metafile } = await build({
    entryPoints: [entryPoint],
    absWorkingDir: root,
    ...{ bundle: true, splitting: true, write: false, metafile: true, outdir: join(root, '.cache') },
    ...{ platform: 'node', format: 'esm', packages: 'external', logLevel: 'silent' },
  });
  const sources = new Set();
  const packages = new Set();
  const visit = (path, isWhole) => {
    if (leftOut.has(path)) return;
    const key = `${isWhole}:${path}`;
    if (visited.has(key)) return;
    visited.add(key);
    sources.add(path);
    for (const { path: to, kind, external } of metafile.inputs[path].imports) {
      if (kind === 'dynamic-import' && !isWhole && path !== entryPoint) continue;
      if (external !== true) visit(to, isWhole || to === `bin/${target}.ts`);
      else if (!to.startsWith('node:')) packages.add(packageOf(to));
    }
  };
  const visited = new Set();
  visit(entryPoint, false);
  return { sources: [...sources], packages: [...packages] };
}

function packageOf(specifier) {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Folders of packages and all that they depend on, as npm has laid them out. */
function installedPaths(names, root) {
  const found = new Set();
  const visit = (name, from) => {
    // Types of packages are for compilers.
    if (name.startsWith('@types/')) return;
    const path = resolvePackage(name, from, root);
    if (path === undefined || found.has(path)) return;
    found.add(path);
    const { dependencies = {}, optionalDependencies = {} } = JSON.parse(
      readFileSync(join(root, path, 'package.json'), 'utf8'),
    );
    // Optional ones of other platforms are not installed.
    for (const next of Object.keys({ ...dependencies, ...optionalDependencies })) visit(next, path);
  };
  for (const name of names) visit(name, '.');
  return [...found];
}

/** As Node looks: beside the importer, then in each folder above. */
function resolvePackage(name, from, root) {
  for (let folder = from; ; folder = dirname(folder)) {
    const path = join(folder, 'node_modules', name);
    if (existsSync(join(root, path, 'package.json'))) return path;
    if (folder === '.') return undefined;
  }
}
