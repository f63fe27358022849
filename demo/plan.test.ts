import assert from 'node:assert/strict';
import { test } from 'node:test';
import { edges, workloads } from './cluster.ts';
import { containerPorts, planPods, podsOf, serviceName } from './plan.ts';

const pods = planPods();

test('no two pods share a name, an address, a namespace, an interface or a MAC', () => {
  const keys = ['name', 'uid', 'containerId', 'netns', 'hostInterface', 'mac', 'ipv4'] as const;
  for (const key of keys) assert.equal(new Set(pods.map((pod) => pod[key])).size, pods.length, key);
});

test('interface names fit the kernel, pod names look like a controller made them', () => {
  for (const pod of pods) {
    assert.ok(pod.hostInterface.length <= 15, pod.hostInterface);
    const pattern = pod.workload.kind === 'StatefulSet' ? /^[a-z]+-\d$/ : /^[a-z]+-[0-9a-f]{6}-[0-9a-f]{5}$/;
    assert.match(pod.name, pattern);
  }
});

test('the same cluster has the same names and addresses at every start', () => {
  assert.deepEqual(planPods(), pods);
  const [first, second] = podsOf(pods, 'shop/catalog');
  assert.equal(first?.ipv4, '10.244.2.11');
  assert.equal(second?.netns, 'px-demo-catalog-2');
  assert.equal(first?.templateHash, second?.templateHash);
});

test('every edge dials a port its target serves, in the protocol it serves there', () => {
  for (const { from, to, protocol, port } of edges) {
    assert.ok(podsOf(pods, from).length > 0, `${from} exists`);
    const [target] = podsOf(pods, to);
    assert.ok(target, `${to} exists`);
    const { program, service } = target.workload;
    const targetPort = port === service?.port ? service.targetPort : port;
    assert.ok(Object.values(containerPorts(target)).includes(targetPort), `${from} -> ${to}:${port}`);
    if (program.kind !== 'node') continue;
    assert.ok(
      program.servers.some((server) => server.port === targetPort && server.protocol === protocol),
      `${to} ${protocol}`,
    );
  }
});

test('an edge over IPv6 joins two workloads that have addresses of it', () => {
  for (const { from, to, family } of edges) {
    if (family === 'IPv6')
      for (const key of [from, to])
        assert.ok(
          podsOf(pods, key).every((pod) => pod.ipv6),
          key,
        );
  }
});

test('the rates add up to what the documentation says', () => {
  const sum = edges.reduce((rate, edge) => rate + edge.perSecond, 0);
  assert.ok(sum >= 60 && sum <= 120, `${sum} requests a second`);
});

test('services have the names Kubernetes gives them', () => {
  assert.equal(serviceName('shop/catalog'), 'catalog.shop.svc.cluster.local');
  assert.equal(workloads.length, new Set(workloads.map((workload) => workload.key)).size);
});
