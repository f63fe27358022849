// Writes flow-descriptor.ts from proto/: run it after a change of flow.proto (descriptor.test.ts says when).

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const room = import.meta.dirname;
const root = join(room, '..', '..', '..');

/** The FileDescriptorSet of flow.proto and its imports, without source positions, as base64. */
export function flowDescriptorBase64() {
  const buf = join(root, 'node_modules', '.bin', 'buf');
  const build = [buf, 'build', '--path', 'flow/flow.proto', '--exclude-source-info', '-o', '-#format=binpb'];
  const { status, stdout, stderr } = spawnSync(process.execPath, build, { cwd: join(root, 'proto') });
  if (status !== 0) throw new Error(`buf build: ${stderr}`);
  return stdout.toString('base64');
}

export function flowDescriptorModule() {
  const lines = flowDescriptorBase64().match(/.{1,110}/g) ?? [];
  return `// Generated from proto/flow/flow.proto by generate-descriptor.mjs; do not edit.

/** google.protobuf.FileDescriptorSet, base64. */
export const flowDescriptorSet = [
${lines.map((line) => `  '${line}',`).join('\n')}
].join('');
`;
}

if (import.meta.main) writeFileSync(join(room, 'flow-descriptor.ts'), flowDescriptorModule());
