import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { PodIndex } from '#kubernetes/pod-index.ts';
import { KubernetesObjects, parseKubernetesText } from './kubernetes-objects.ts';

const pod = (name: string, ip: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop' },
  status: { phase: 'Running', podIP: ip },
});
const list = (...items: object[]) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });

async function directory(context: TestContext): Promise<string> {
  const made = await mkdtemp(path.join(tmpdir(), 'parallax-objects-'));
  context.after(() => rm(made, { recursive: true, force: true }));
  return made;
}

/** An instance whose next load or error can be awaited. */
function source(context: TestContext, target: string) {
  const index = new PodIndex();
  const happened: string[] = [];
  let wake: () => void = () => {};
  const note = (text: string) => {
    happened.push(text);
    wake();
  };
  const objects = new KubernetesObjects({
    path: target,
    index,
    // So long that only being told of changes can make these tests pass.
    recheckMs: 3_600_000,
    onError: (message) => note(message),
    onLoad: (count) => note(`loaded ${count}`),
  });
  context.after(() => objects.stop());
  const next = async () => {
    while (happened.length === 0)
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    return happened.shift();
  };
  return { index, objects, next };
}

test('JSON, YAML, several documents and Lists are read; kinds without endpoints are passed over', () => {
  const yaml = `
apiVersion: v1
kind: Pod
metadata: { name: a, namespace: shop }
status: { podIP: 10.0.0.1 }
---
# nothing here
---
kind: List
items:
  - kind: NetworkPolicy
    metadata: { name: p }
  - kind: Service
    metadata: { name: s, namespace: shop }
    spec: { clusterIP: 10.96.0.1 }
`;
  assert.deepEqual(
    parseKubernetesText(yaml, 'x.yaml').map((object) => object.kind),
    ['Pod', 'Service'],
  );
  assert.equal(parseKubernetesText(list(pod('a', '10.0.0.1'), pod('b', '10.0.0.2')), 'x.json').length, 2);
});

test('what cannot be used is said in words, with file and document', () => {
  assert.throws(() => parseKubernetesText('{"kind": ', 'x.json'), /x\.json is not JSON/);
  assert.throws(() => parseKubernetesText('kind: [', 'x.yaml'), /x\.yaml is not YAML/);
  assert.throws(
    () => parseKubernetesText('kind: Pod\n---\nkind: Pod\n', 'x.yaml'),
    /x\.yaml, document 1: a Pod has no metadata\.name/,
  );
  assert.throws(() => parseKubernetesText('a: 1', 'x.yaml'), /no "kind"/);
});

test('a file that does not exist yet is waited for, and its replacement by rename is noticed', async (context) => {
  const file = path.join(await directory(context), 'objects.json');
  const { index, objects, next } = source(context, file);
  await objects.start();
  assert.equal(index.byAddress('10.0.0.1'), undefined);
  await writeFile(file, list(pod('a', '10.0.0.1')));
  await objects.refresh();
  assert.equal(await next(), 'loaded 1');
  assert.equal(index.byAddress('10.0.0.1')?.podName, 'a');
  await writeFile(`${file}.new`, list(pod('b', '10.0.0.2')));
  await rename(`${file}.new`, file);
  assert.equal(await next(), 'loaded 1');
  assert.equal(index.byAddress('10.0.0.1'), undefined);
  assert.equal(index.byAddress('10.0.0.2')?.podName, 'b');
  await writeFile(`${file}.new`, list(pod('c', '10.0.0.3'), pod('d', '10.0.0.4')));
  await rename(`${file}.new`, file);
  assert.equal(await next(), 'loaded 2');
});

test('malformed content and a removed file keep the last good set and are reported once', async (context) => {
  const file = path.join(await directory(context), 'objects.json');
  await writeFile(file, list(pod('a', '10.0.0.1')));
  const { index, objects, next } = source(context, file);
  await objects.start();
  assert.equal(await next(), 'loaded 1');
  await writeFile(file, '{"kind": "Pod"');
  assert.match((await next()) ?? '', /cannot use .*objects\.json.* is not JSON.*kept/);
  await objects.refresh();
  await objects.refresh();
  await rm(file);
  assert.match((await next()) ?? '', /is gone; the objects read from it last are kept/);
  assert.equal(index.byAddress('10.0.0.1')?.podName, 'a');
  assert.equal(objects.counters().errors, 2);
});

test('a directory is read as one set', async (context) => {
  const folder = path.join(await directory(context), 'objects');
  const { index, objects, next } = source(context, folder);
  await mkdir(folder);
  await writeFile(path.join(folder, 'a.json'), list(pod('a', '10.0.0.1')));
  await writeFile(
    path.join(folder, 'b.yaml'),
    'kind: Pod\nmetadata: {name: b, namespace: x}\nstatus: {podIP: 10.0.0.2}\n',
  );
  await writeFile(path.join(folder, 'notes.txt'), 'not read');
  await objects.start();
  assert.equal(await next(), 'loaded 2');
  await rm(path.join(folder, 'a.json'));
  assert.equal(await next(), 'loaded 1');
  assert.equal(index.byAddress('10.0.0.1'), undefined);
  assert.equal(index.byAddress('10.0.0.2')?.podName, 'b');
});
