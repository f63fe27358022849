import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import { describe, test } from 'node:test';
import { kernelTestsImpossible, Pods, serveIn } from './testing/pods.ts';
import { record } from './testing/recorder.ts';

const impossible = kernelTestsImpossible();
const skip = impossible === undefined ? false : `needs root and a kernel with BTF: ${impossible}`;

describe('stopping', { skip }, () => {
  for (const method of ['tcx', 'clsact'] as const) {
    test(`capture over ${method} leaves nothing behind`, async () => {
      const pods = new Pods(92);
      pods.add();
      const { capture, changes } = await record({ interfaces: pods.veths, attachMethod: method });
      try {
        assert.equal(changes[0]?.kind, 'attached');
        for (const kind of ['prog', 'map', 'link'])
          assert.ok(
            held().some((target) => target.includes(kind)),
            kind,
          );
        if (method === 'clsact') assert.match(hooks(pods), /veth_in/);
      } finally {
        await capture.stop();
      }
      try {
        assert.equal(hooks(pods), '');
        assert.deepEqual(held(), []);
      } finally {
        pods.remove();
      }
    });
  }
});

test('what an exporter left that was killed is gone when the next one starts', { skip }, async () => {
  const pods = new Pods(88);
  pods.add();
  const capture = new URL('./capture.ts', import.meta.url).pathname;
  try {
    const killed = await serveIn(
      undefined,
      `import('${capture}').then(({ startCapture }) => startCapture({ interfaces: '${pods.veths}', attachMethod: 'clsact',
         onRecords() {}, log: console.error })).then(() => console.log('ready'));`,
    );
    await killed.stop();
    assert.match(hooks(pods), /veth_in/, 'filters outlive their process');
    // The next one watches other interfaces, so that it does not just replace them.
    const next = await record({ interfaces: 'lo' });
    assert.equal(hooks(pods), '');
    await next.capture.stop();
  } finally {
    pods.remove();
  }
});

/** Filters and clsact qdiscs on the pods' interfaces. */
function hooks(pods: Pods): string {
  const prefix = pods.veths.slice(0, -1);
  const lines = `${execFileSync('bpftool', ['net'], { encoding: 'utf8' })}${execFileSync('tc', ['qdisc'], { encoding: 'utf8' })}`;
  return lines
    .split('\n')
    .filter((line) => line.includes(prefix) && !line.includes('noqueue'))
    .join('\n');
}

/** Programs, maps and links that this process holds in the kernel; without a holder or a filter they are gone. */
function held(): string[] {
  return readdirSync('/proc/self/fd')
    .map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return ''; // the descriptor of the listing itself
      }
    })
    .filter((target) => /bpf[-_](prog|map|link)/.test(target));
}
