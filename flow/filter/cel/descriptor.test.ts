// Keeps flow-descriptor.ts what proto/ says; UPDATE_FLOW_DESCRIPTOR=1 writes it anew.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { flowDescriptorSet } from './flow-descriptor.ts';

const root = new URL('../../../', import.meta.url);

/** The FileDescriptorSet of flow.proto, of what its extensions hold, and of their imports, without source positions. */
function currentDescriptorSet(): string {
  const buf = fileURLToPath(new URL('node_modules/.bin/buf', root));
  const paths = ['flow/flow.proto', 'parallax/v1/flow_details.proto'].flatMap((path) => ['--path', path]);
  const build = [buf, 'build', ...paths, '--exclude-source-info', '-o', '-#format=binpb'];
  const { status, stdout, stderr } = spawnSync(process.execPath, build, { cwd: new URL('proto', root) });
  assert.equal(status, 0, String(stderr));
  return stdout.toString('base64');
}

function moduleText(descriptorSet: string): string {
  const lines = descriptorSet.match(/.{1,110}/g) ?? [];
  return `// Generated from proto/flow/flow.proto and parallax/v1/flow_details.proto by descriptor.test.ts; do not edit.

/** google.protobuf.FileDescriptorSet, base64. */
export const flowDescriptorSet = [
${lines.map((line) => `  '${line}',`).join('\n')}
].join('');
`;
}

test('the embedded descriptor is what proto/ compiles to now', () => {
  const current = currentDescriptorSet();
  if (process.env.UPDATE_FLOW_DESCRIPTOR === '1')
    writeFileSync(new URL('flow-descriptor.ts', import.meta.url), moduleText(current));
  // Not equal(): both are long, and their difference tells nobody anything.
  else
    assert.ok(
      flowDescriptorSet === current,
      'run UPDATE_FLOW_DESCRIPTOR=1 node --test flow/filter/cel/descriptor.test.ts',
    );
});
