import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canDrop, ruleHandles } from './host-firewall.ts';

const dockers = `table ip filter {
	chain FORWARD { # handle 2
		type filter hook forward priority filter; policy drop;
		iifname "px-demo0" oifname "px-demo0" counter packets 7 bytes 588 accept comment "parallax_demo" # handle 9
		counter packets 0 bytes 0 jump DOCKER-USER # handle 4
	}
}`;

test('only the demo’s own rules are removed from the host’s chain', () => {
  assert.deepEqual(ruleHandles(dockers), ['9']);
  assert.deepEqual(ruleHandles(dockers.replace('parallax_demo', 'parallax_demo2')), []);
});

test('a chain that accepts everything needs no rule', () => {
  assert.equal(canDrop(dockers), true);
  assert.equal(canDrop('chain FORWARD {\n type filter hook forward priority filter; policy accept;\n}'), false);
  assert.equal(canDrop('chain FORWARD {\n policy accept;\n jump ufw-before-forward\n}'), true);
});
