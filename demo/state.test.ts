import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { files, isAlive, processId, readState, readTruth, writeJson } from './state.ts';

test('a process is the same only with the same start time', () => {
  const self = processId(process.pid);
  assert.ok(self);
  assert.equal(isAlive(self), true);
  assert.equal(isAlive({ ...self, startTicks: self.startTicks - 1 }), false);
  assert.equal(isAlive(null), false);
});

test('a directory without a demo has no state; a damaged state is an error that says what to do', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'state-'));
  t.after(() => rmSync(directory, { recursive: true }));
  assert.equal(readState(directory), null);
  writeFileSync(files.state(directory), '{"directory":');
  assert.throws(() => readState(directory), /state\.json cannot be read: .*'parallax demo down'/s);
});

test('what is written is whole and leaves no draft', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'state-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const truth = { writtenAt: '2030-01-01T00:00:00Z', edges: [] };
  writeJson(files.truth(directory), truth);
  assert.deepEqual(readTruth(directory), truth);
  assert.deepEqual(readdirSync(directory), ['truth.json']);
});
