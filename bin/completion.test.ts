import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { Command } from 'commander';
import { wordsByCommand } from './completion.ts';

test('completion knows each command, its children and its options', () => {
  const root = new Command('parallax').addCommand(
    new Command('demo').addCommand(new Command('up').option('--traffic <mode>')).addCommand(new Command('down')),
  );
  const words = wordsByCommand(root);
  assert.deepEqual(words.get(''), ['demo', '--help']);
  assert.deepEqual(words.get('demo'), ['up', 'down', '--help']);
  assert.deepEqual(words.get('demo up'), ['--traffic', '--help']);
});

test('bash completes a subcommand and an option with the printed script', () => {
  const parallax = [process.execPath, '--disable-warning=ExperimentalWarning', `${import.meta.dirname}/parallax.ts`];
  const complete = (...words: string[]): string[] => {
    const script = `source <(${parallax.join(' ')} completion bash); COMP_WORDS=(parallax ${words.join(' ')}); COMP_CWORD=${words.length}; _parallax; echo "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split(' ');
  };
  assert.deepEqual(complete('demo', 'st'), ['status']);
  assert.deepEqual(complete('up', '--ui'), ['--ui-port']);
});
