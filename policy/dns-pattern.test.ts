import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileDnsPattern } from './dns-pattern.ts';

/** What the pattern means, in a notation whose engine may take for ever: only for what is short. */
function meaning(pattern: string): RegExp {
  const deep = pattern.startsWith('**.');
  const rest = (deep ? pattern.slice(3) : pattern).replaceAll('.', '[.]').replace(/\*+/g, '[-a-z0-9_]*');
  return new RegExp(`^${deep ? '([-a-z0-9_]+[.])+' : ''}${rest}$`);
}

test('a pattern matches the names that its notation says', () => {
  const pattern = fc.stringMatching(/^(\*\*\.)?[ab*.]{1,7}[ab*]$/).filter((text) => text !== '*');
  const name = fc.stringMatching(/^[ab.!]{0,9}[ab]$/);
  fc.assert(
    fc.property(pattern, name, (wanted, told) => {
      assert.equal(compileDnsPattern(wanted, false)?.(told), meaning(wanted).test(told));
    }),
    { numRuns: 3000 },
  );
});

test('a pattern of a hundred wildcards against a name made for it is answered at once', () => {
  const matches = compileDnsPattern(`${'*a'.repeat(120)}b`, false);
  assert.equal(matches?.('a'.repeat(253)), false);
  assert.equal(matches?.(`${'a'.repeat(252)}b`), true);
});
