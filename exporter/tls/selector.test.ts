import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSelected, type ProcessFacts, parseProcessSelector } from './selector.ts';

const nginx: ProcessFacts = {
  pid: 812,
  command: 'nginx',
  executable: '/usr/sbin/nginx',
  unit: 'nginx.service',
  containerId: '',
};
const containerId = 'c0ffee'.padEnd(64, '0');
const selects = (text: string, facts: ProcessFacts) => isSelected(parseProcessSelector(text), facts);

test('a process is selected by command, program, pid, unit or container', () => {
  for (const text of ['comm:nginx', 'exe:/usr/sbin/nginx', 'pid:812', 'unit:nginx.service']) {
    assert.ok(selects(text, nginx), text);
    assert.ok(!selects(text, { pid: 813, command: 'x', executable: '/x', unit: 'x.service', containerId }), text);
  }
  assert.ok(selects(`container:${containerId.slice(0, 12)}`, { ...nginx, containerId }));
  assert.ok(!selects(`container:${containerId.slice(0, 12)}`, nginx));
});

test('a command is compared as the kernel cuts it', () => {
  assert.ok(selects('comm:a-very-long-command-name', { ...nginx, command: 'a-very-long-com' }));
});

test('what would select by accident is refused in words', () => {
  for (const text of ['nginx', 'comm:', ':x', 'pid:0', 'pid:1x', 'exe:nginx', 'container:c0ffee', 'name:x', '']) {
    assert.throws(() => parseProcessSelector(text), /selects no process/, text);
  }
});
