import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requireTools, runTool } from './tool.ts';

test('a tool gets its lines and gives its output', async () => {
  assert.equal(await runTool('cat', [], { input: ['one', 'two'] }), 'one\ntwo\n');
});

test('a tool that fails is quoted, with what it said', async () => {
  const failed = runTool('sh', ['-c', 'echo no such bridge >&2; exit 3']);
  await assert.rejects(failed, /'sh -c .*' ended with 3: no such bridge/);
});

test('a missing tool names its package', () => {
  assert.throws(
    () => requireTools(['sh', 'no-such-tool']),
    /the demo needs no-such-tool: apt-get install no-such-tool/,
  );
});
