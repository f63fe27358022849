import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { shellCommand, shellWord } from './shell-word.ts';

const texts = [
  'plain',
  'two words',
  `it's "so"`,
  '$(id) `id` ;|&',
  '',
  '*',
  '\\',
  'a\nb',
  '\u001b[201~x',
  '\u202egnp.exe',
  'ä€😀',
];

test('bash reads every word as the text it was', () => {
  const read = execFileSync('bash', ['-c', `printf '%s\\0' ${shellCommand(texts)}`], {
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  });
  assert.deepEqual(read.toString().split('\0').slice(0, -1), texts);
});

test('what could mislead a terminal or its reader is written as its code', () => {
  assert.equal(shellWord('\u001b[201~'), `$'\\u001b[201~'`);
  assert.equal(shellWord('a\nb'), `$'a\\u000ab'`);
  assert.equal(shellWord('\u202egnp'), `$'\\u202egnp'`);
  assert.equal(shellWord('namespace:shop'), 'namespace:shop');
});
