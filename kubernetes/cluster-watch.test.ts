import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiServer, forbid, status } from './testing/api-server.ts';
import { apiServer, plainAccess, podJson, pods, services, until, watchOf } from './testing/watching.ts';

const ciliumPolicies = '/apis/cilium.io/v2/ciliumnetworkpolicies';

function names(watch: { objects(kind: 'Pod'): Iterable<{ meta: { name: string } }> }): string {
  return [...watch.objects('Pod')]
    .map(({ meta }) => meta.name)
    .sort()
    .join(' ');
}

test('lists in pages of 500 from the present state, then follows what comes, changes and goes', async (context) => {
  const server = await apiServer(context);
  for (let i = 0; i < 1203; i += 1) server.put(pods, podJson(`p${i}`));
  const watch = watchOf(context, plainAccess(server), { resources: ['pods'] });
  await watch.start();
  assert.equal([...watch.objects('Pod')].length, 1203);
  const lists = server.requests.filter(({ query }) => !query.has('watch'));
  assert.deepEqual(
    lists.map(({ query }) => [query.get('limit'), query.has('continue'), query.has('resourceVersion')]),
    [
      ['500', false, false],
      ['500', true, false],
      ['500', true, false],
    ],
  );
  assert.match(lists[0]?.headers['user-agent'] ?? '', /^parallax-test\/\d/);
  await until('it watches', () => server.watchers === 1);
  server.put(pods, podJson('new'));
  server.put(pods, podJson('p0', { ip: '10.9.9.9' }));
  server.delete(pods, 'shop', 'p1');
  await until('all is followed', () => [...watch.objects('Pod')].some(({ addresses }) => addresses[0] === '10.9.9.9'));
  await until('the deletion is followed', () => !names(watch).split(' ').includes('p1'));
  assert.ok(names(watch).split(' ').includes('new'));
  assert.equal(watch.counters().get('pods')?.lists, 1);
});

test('a watch that the server ends goes on from the last version, bookmarks included, without a list', async (context) => {
  const server = await apiServer(context);
  const watch = watchOf(context, plainAccess(server), { resources: ['pods'] });
  await watch.start();
  await until('it watches', () => server.watchers === 1);
  server.put(services, { metadata: { name: 'other', namespace: 'shop' } });
  server.bookmark();
  await until('the bookmark came', () => (watch.counters().get('pods')?.events ?? 0) === 1);
  server.compact();
  server.endWatches();
  await until('it watches again', () => server.count('watch', pods) === 2 && server.watchers === 1);
  server.put(pods, podJson('later'));
  await until('it follows', () => names(watch) === 'later');
  assert.equal(watch.counters().get('pods')?.lists, 1);
  assert.equal(server.requests.at(-1)?.query.get('allowWatchBookmarks'), 'true');
});

test('a version that is too old (410) leads to a new list; what went meanwhile is removed, once', async (context) => {
  const server = await apiServer(context);
  server.put(pods, podJson('stays'));
  server.put(pods, podJson('goes'));
  const watch = watchOf(context, plainAccess(server), { resources: ['pods'] });
  const told: string[] = [];
  watch.subscribe({
    upsert: ({ meta }) => told.push(`+${meta.name}`),
    remove: ({ meta }) => told.push(`-${meta.name}`),
  });
  await watch.start();
  await until('it watches', () => server.watchers === 1);
  server.faults.push({
    path: /pods/,
    verb: 'watch',
    times: 3,
    act: (_request, response) => response.destroy(),
  });
  server.cut();
  server.delete(pods, 'shop', 'goes');
  server.put(pods, podJson('comes'));
  server.compact();
  await until('it has listed again', () => names(watch) === 'comes stays');
  assert.deepEqual(told, ['+stays', '+goes', '+comes', '-goes']);
  assert.equal(watch.counters().get('pods')?.relists, 1);
});

test('a list that expires between its pages begins anew, with larger pages', async (context) => {
  const server = await apiServer(context);
  for (let i = 0; i < 700; i += 1) server.put(pods, podJson(`p${i}`));
  server.faults.push({
    ...{ path: /pods/, verb: 'list', times: 2 },
    when: (query) => query.has('continue'),
    act: (_request, response) => status(response, 410, 'Expired', 'The provided continue parameter is too old'),
  });
  const watch = watchOf(context, plainAccess(server), { resources: ['pods'] });
  await watch.start();
  await until('all are known', () => [...watch.objects('Pod')].length === 700);
  const limits = server.requests.filter(({ query }) => query.has('limit')).map(({ query }) => query.get('limit'));
  assert.deepEqual(limits, ['500', '500', '1000', '1000'].slice(0, limits.length));
  assert.deepEqual(watch.notices(), []);
});

test('a server that restarts is followed: from where it was, or anew if its versions are others', async (context) => {
  const server = await apiServer(context);
  server.put(pods, podJson('a'));
  const watch = watchOf(context, plainAccess(server), { resources: ['pods'] });
  await watch.start();
  await until('it watches', () => server.watchers === 1);
  await server.stop();
  await until('the end is noticed', () => (watch.counters().get('pods')?.failures ?? 0) > 1);
  assert.equal(names(watch), 'a');
  await server.start();
  await until('it watches again', () => server.watchers === 1);
  assert.equal(watch.counters().get('pods')?.lists, 1);
  await server.stop();
  server.restartFrom(7);
  server.delete(pods, 'shop', 'a');
  server.put(pods, podJson('b'));
  await server.start();
  await until('the other history is taken', () => names(watch) === 'b');
});

test('a refused resource is told in words with the grant that mends it, and the rest go on', async (context) => {
  const server = await apiServer(context);
  server.put(pods, podJson('a'));
  server.put(services, { metadata: { name: 'web', namespace: 'shop' }, spec: { clusterIP: '10.96.0.1' } });
  const fault = forbid(/services/);
  server.faults.push(fault);
  const watch = watchOf(context, plainAccess(server), { resources: ['services', 'pods'] });
  await watch.start();
  assert.equal(names(watch), 'a');
  const [notice, ...others] = watch.notices();
  assert.equal(others.length, 0);
  assert.match(notice?.text ?? '', /^Not allowed to read services, and without them services' addresses have no names/);
  assert.match(notice?.mend ?? '', /Grant list and watch on services \(apiGroups: \[""\]\)/);
  fault.times = 0;
  await until('the grant is noticed', () => [...watch.objects('Service')].length === 1);
  assert.deepEqual(watch.notices(), []);
});

test('resources that are not installed are no trouble; they are found when they come and forgotten when they go', async (context) => {
  const server = await apiServer(context);
  const watch = watchOf(context, plainAccess(server), { resources: ['ciliumnetworkpolicies'] });
  await watch.start();
  assert.equal(watch.isInstalled('ciliumnetworkpolicies'), false);
  assert.deepEqual(watch.notices(), []);
  server.install(ciliumPolicies);
  const spec = { endpointSelector: {} };
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': 'long' };
  const metadata = { name: 'deny', namespace: 'shop', annotations, managedFields: [{}] };
  server.put(ciliumPolicies, { metadata, spec, status: { conditions: [] } });
  await until('it is found', () => [...watch.objects('CiliumNetworkPolicy')].length === 1);
  const [policy] = watch.objects('CiliumNetworkPolicy');
  assert.deepEqual(policy?.object, {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumNetworkPolicy',
    metadata: { name: 'deny', namespace: 'shop', resourceVersion: '101' },
    spec,
  });
  server.uninstall(ciliumPolicies);
  await until('it is forgotten', () => [...watch.objects('CiliumNetworkPolicy')].length === 0);
});

test('what is refused and not installed is no trouble; what is refused and installed is', async (context) => {
  const server = await apiServer(context);
  server.faults.push(forbid(/ciliumnetworkpolicies/));
  const watch = watchOf(context, plainAccess(server), { resources: ['ciliumnetworkpolicies'] });
  await watch.start();
  assert.deepEqual(watch.notices(), []);
  server.install(ciliumPolicies);
  await until('it is told', () => watch.notices().length === 1);
  assert.match(watch.notices()[0]?.text ?? '', /(Not|No longer) allowed to read ciliumnetworkpolicies\.cilium\.io/);
});

test('a watch that is silent beyond its time, one that ends at once, or one that stalls before it begins: never stuck, never busy', async (context) => {
  const server = await apiServer(context);
  let silent = 0;
  server.faults.push({
    path: /pods/,
    verb: 'watch',
    times: 2,
    act: () => {
      silent += 1;
    },
  });
  server.faults.push({ path: /pods/, verb: 'watch', times: 20, act: (_request, response) => void response.end() });
  const watch = watchOf(context, plainAccess(server), { resources: ['pods'], silenceMs: 30 });
  await watch.start();
  await until('it watches after all', () => server.watchers === 1);
  assert.equal(silent, 2);
  server.put(pods, podJson('a'));
  await until('it follows', () => names(watch) === 'a');
});

test('a server that stalls in the middle of a list is told in words, and others are not held up', async (context) => {
  const server = await apiServer(context);
  server.put(pods, podJson('a'));
  server.faults.push({
    path: /services/,
    act: (_request, response) => void response.writeHead(200).write('{"items":['),
  });
  const watch = watchOf(context, plainAccess(server), { resources: ['services', 'pods'], silenceMs: 50 });
  await watch.start();
  assert.equal(names(watch), 'a');
  assert.match(watch.notices()[0]?.text ?? '', /does not tell of services: the answer stopped for 0\.05 s/);
});

test('garbage, nameless and hostile objects are refused in words, and what is good goes on', async (context) => {
  const server = await apiServer(context);
  server.put(pods, podJson('good'));
  server.put(pods, { metadata: { namespace: 'shop' } });
  server.put(pods, podJson('<img src=x onerror=alert(1)>'));
  server.put(pods, podJson('labelled', { labels: { 'bad\u001b[2J': 'x', note: 'a\nb', ok: 'yes' } }));
  const watch = watchOf(context, plainAccess(server), { resources: ['pods'] });
  await watch.start();
  assert.equal(names(watch), 'good labelled');
  const labels = [...watch.objects('Pod')].find(({ meta }) => meta.name === 'labelled')?.meta.labels;
  assert.deepEqual(
    [...(labels ?? [])],
    [
      ['app', 'web'],
      ['ok', 'yes'],
    ],
  );
  assert.equal(watch.counters().get('pods')?.refused, 2);
  assert.match(
    watch.notices()[0]?.text ?? '',
    /2 times an object among the pods was left out.*is no name in Kubernetes/,
  );
  await until('it watches', () => server.watchers === 1);
  server.writeRaw(pods, 'not json\n');
  await until('it watches again', () => server.count('watch', pods) > 1 && server.watchers === 1);
  server.writeRaw(pods, '{"type":"ADDED","object":null}\n');
  server.put(pods, podJson('after'));
  await until('it follows', () => names(watch) === 'after good labelled');
});

test('what is kept of objects is bounded: those beyond are counted and told', async (context) => {
  const server = await apiServer(context);
  for (const name of ['a', 'b', 'c']) server.put(pods, podJson(name));
  const watch = watchOf(context, plainAccess(server), { resources: ['pods'], maxObjects: 2 });
  await watch.start();
  assert.equal(names(watch), 'a b');
  assert.match(watch.notices()[0]?.text ?? '', /there are more than 2, the most that are kept/);
});

test('one node is asked for by a field selector, and updates of nothing that is kept are not told', async (context) => {
  const server = await apiServer(context);
  server.put(pods, podJson('here', { node: 'n1' }));
  server.put(pods, podJson('there', { node: 'n2' }));
  const selections = { pods: { fieldSelector: 'spec.nodeName=n1' } };
  const watch = watchOf(context, plainAccess(server), { resources: ['pods'], selections });
  await watch.start();
  const told: string[] = [];
  watch.subscribe({ upsert: ({ meta }) => told.push(meta.name) });
  await until('it watches', () => server.watchers === 1);
  server.put(pods, podJson('here', { node: 'n1' }));
  server.put(pods, podJson('elsewhere', { node: 'n2' }));
  server.put(pods, podJson('last', { node: 'n1' }));
  await until('it follows', () => names(watch) === 'here last');
  assert.deepEqual(told, ['here', 'last']);
});

test('changes are told together once they pause, by kind', async (context) => {
  const server = await apiServer(context);
  const watch = watchOf(context, plainAccess(server), { resources: ['pods', 'services'] });
  await watch.start();
  const settled: string[] = [];
  watch.subscribe({ settled: (kinds) => settled.push([...kinds].sort().join(' ')) });
  await until('both are watched', () => server.watchers === 2);
  server.put(pods, podJson('a'));
  server.put(pods, podJson('b'));
  server.put(services, { metadata: { name: 'web', namespace: 'shop' } });
  await until('told', () => settled.length > 0);
  assert.deepEqual(settled, ['Pod Service']);
});

test('a server that is not there leaves a start that ends, and a notice', async (context) => {
  const server = new ApiServer();
  await server.start();
  await server.stop();
  const watch = watchOf(context, plainAccess(server), { resources: ['pods'] });
  await watch.start();
  assert.match(watch.notices()[0]?.text ?? '', /does not tell of pods: nothing listens there \(connection refused\)/);
});
