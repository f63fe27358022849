import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { describe, test } from 'node:test';
import { attachInterface } from './attach.ts';
import { kernelTestsImpossible, Pods, serveIn } from './testing/pods.ts';
import { eventually, record } from './testing/recorder.ts';

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

for (const method of ['tcx', 'clsact'] as const) {
  test(`an exporter over ${method} that is killed leaves nothing that the next start does not remove`, {
    skip,
  }, async () => {
    const pods = new Pods(88);
    pods.add();
    try {
      const ids = await startAndKill(pods, method);
      assert.ok(
        ['prog', 'map', 'link'].every((kind) => ids.some((id) => id.startsWith(kind))),
        ids.join(),
      );
      if (method === 'clsact') assert.match(hooks(pods), /veth_in/, 'filters outlive their process');
      // The next one watches other interfaces, so that it does not just replace them.
      const next = await record({ interfaces: 'lo' });
      try {
        assert.equal(hooks(pods), '');
        await eventually('the kernel to free what it held', () => ids.every((id) => !exists(id)));
      } finally {
        await next.capture.stop();
      }
    } finally {
      pods.remove();
    }
  });
}

test('hooking that fails half-way leaves no qdisc', { skip }, async () => {
  const pods = new Pods(88);
  const { veth } = pods.add();
  try {
    const index = Number(readFileSync(`/sys/class/net/${veth}/ifindex`, 'utf8'));
    assert.throws(() => attachInterface(index, 'veth', () => 0, 'clsact'), /adding a clsact filter to ingress/);
    assert.equal(hooks(pods), '');
  } finally {
    pods.remove();
  }
});

/** A capture in a process of its own, killed; with the programs, maps and links it held, as "prog_id 17". */
async function startAndKill(pods: Pods, method: 'tcx' | 'clsact') {
  const capture = new URL('./capture.ts', import.meta.url).pathname;
  const child = await serveIn(
    undefined,
    `import('${capture}').then(({ startCapture }) => startCapture({ interfaces: '${pods.veths}', attachMethod: '${method}',
       onRecords() {}, log: console.error })).then(() => console.log('ready'));`,
  );
  const held = readdirSync(`/proc/${child.pid}/fdinfo`).flatMap((fd) => {
    const [, kind, id] =
      /^(prog|map|link)_id:\s*(\d+)/m.exec(readFileSync(`/proc/${child.pid}/fdinfo/${fd}`, 'utf8')) ?? [];
    return kind === undefined ? [] : [`${kind} ${id}`];
  });
  await child.stop();
  return held;
}

function exists(object: string): boolean {
  const [kind = '', id = ''] = object.split(' ');
  return spawnSync('bpftool', [kind, 'show', 'id', id]).status === 0;
}

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
