// Generates gen/ and descriptors.binpb from the .proto files of this folder and from Envoy's access log protocol, whose
// files come with the npm package @grpc/grpc-js-xds. Run by `npm run proto`; tools/proto-current.mjs compares.
//
//   node proto/generate.mjs [folder to write gen/ and descriptors.binpb into; default: this one]

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const target = process.argv[2] ?? here;
const require = createRequire(import.meta.url);
const envoyProtos = join(dirname(require.resolve('@grpc/grpc-js-xds/package.json')), 'deps');

const ownFolders = ['flow', 'observer', 'peer', 'relay', 'parallax'];
/** What Envoy's access log protocol is written with: folder of the package, and paths in it. */
const foreignPaths = {
  'envoy-api': [
    'envoy/service/accesslog/v3/als.proto',
    'envoy/data/accesslog/v3/accesslog.proto',
    ...['address', 'backoff', 'base', 'extension', 'http_uri', 'socket_option'].map(
      (name) => `envoy/config/core/v3/${name}.proto`,
    ),
    'envoy/type/v3/percent.proto',
    'envoy/type/v3/semantic_version.proto',
    'envoy/annotations',
  ],
  xds: ['xds/core/v3/context_params.proto', 'xds/annotations', 'udpa/annotations'],
  'protoc-gen-validate': ['validate/validate.proto'],
};
/** Rules for Envoy's own validators and docs: options that say nothing about the messages' shape. */
const withoutOptions = ['validate.**', 'udpa.annotations.**', 'xds.annotations.**', 'envoy.annotations.**'];

// The template names its plugin relative to here, so the copy stands beside node_modules as this folder does.
const scratch = mkdtempSync(join(tmpdir(), 'parallax-proto-'));
const workspace = join(scratch, 'proto');
try {
  symlinkSync(join(here, '..', 'node_modules'), join(scratch, 'node_modules'));
  for (const folder of ownFolders) cpSync(join(here, folder), join(workspace, folder), { recursive: true });
  for (const [folder, paths] of Object.entries(foreignPaths)) {
    for (const path of paths) cpSync(join(envoyProtos, folder, path), join(workspace, path), { recursive: true });
  }
  writeFileSync(join(workspace, 'buf.yaml'), 'version: v2\n');
  const packages = new Set([...ownFolders.flatMap(protoFiles).map(packageOf), 'envoy.service.accesslog.v3']);
  const types = [...packages].flatMap((name) => ['--type', name]);
  buf(['build', '--exclude-source-info', ...types, '-o', join(target, 'descriptors.binpb')]);
  rmSync(join(target, 'gen'), { recursive: true, force: true });
  const excluded = withoutOptions.flatMap((name) => ['--exclude-type', name]);
  buf(['generate', ...types, ...excluded, '--template', join(here, 'buf.gen.yaml'), '-o', target]);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** Paths of the .proto files in a folder of the workspace. */
function protoFiles(folder) {
  return readdirSync(join(workspace, folder), { recursive: true })
    .filter((name) => name.endsWith('.proto'))
    .map((name) => join(folder, name));
}

/** A file's package follows its folder. */
function packageOf(path) {
  return dirname(path).replaceAll('/', '.');
}

function buf(args) {
  const command = join(dirname(require.resolve('@bufbuild/buf/package.json')), 'bin', 'buf');
  const result = spawnSync(process.execPath, [command, ...args], { cwd: workspace, encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`buf ${args.join(' ')}: ${result.stderr || result.error}`);
}
