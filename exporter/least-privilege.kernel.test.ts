import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { capabilities } from './kernel/capabilities.ts';
import { kernelTestsImpossible } from './kernel/testing/pods.ts';
import { setprivArguments, superfluousCapabilities } from './least-privilege.ts';

const impossible = kernelTestsImpossible();
const skip = impossible === undefined ? false : `needs root and a kernel with BTF: ${impossible}`;

const exporterModule = new URL('./exporter.ts', import.meta.url).pathname;
const program = `import('${exporterModule}').then(({ startExporter }) => startExporter({
  listen: '127.0.0.1:0', nodeName: 'n', interfaces: 'lo' })).then((e) => console.log(e.sourceText))
  .catch((e) => console.log(e.message));`;

/** The exporter's first line under these rights, its rights, and what it said beside. */
async function startUnder(rights: readonly string[]) {
  const child = spawn('setpriv', [...rights, process.execPath, '-e', program], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const ended = once(child, 'exit');
  const [line]: Buffer[] = await once(child.stdout, 'data');
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  child.kill('SIGKILL');
  await ended;
  const [, effective = ''] = /^CapEff:\s*(\w+)/m.exec(status) ?? [];
  return { line: String(line).trim(), effective: BigInt(`0x${effective}`), said };
}

const without = (name: string) =>
  setprivArguments([])
    .slice(0, -1)
    .map((argument) => argument.replace(`,+${name.toLowerCase()}`, ''));

test('with the rights it names and no others an exporter captures all', { skip }, async () => {
  const { line, effective, said } = await startUnder(setprivArguments([]).slice(0, -1));
  assert.equal(line, 'capturing from the kernel');
  assert.equal(superfluousCapabilities(effective), undefined);
  assert.doesNotMatch(said, /without CAP_/);
});

for (const { name, without: loss, isRequired } of capabilities) {
  test(`without CAP_${name} the exporter says what is lost`, { skip }, async () => {
    const { line, said } = await startUnder(without(name));
    const told = `without CAP_${name}, ${loss}`;
    if (isRequired) assert.ok(line.startsWith('cannot capture on this machine') && line.includes(told), line);
    else assert.ok(line === 'capturing from the kernel' && said.includes(told), `${line} ${said}`);
  });
}
