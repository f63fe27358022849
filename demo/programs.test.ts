import assert from 'node:assert/strict';
import { test } from 'node:test';
import { demoPackages } from './packages.ts';
import { planPods } from './plan.ts';
import { dnsmasqConf, missingProgram, nginxConf, serviceAddresses } from './programs.ts';

const pods = planPods();

test('DNS knows every service by its address, and nothing of the internet', () => {
  const conf = dnsmasqConf(pods, true);
  assert.match(conf, /^host-record=catalog\.shop\.svc\.cluster\.local,10\.96\.0\.20$/m);
  assert.match(conf, /^host-record=fraud\.payments\.svc\.cluster\.local,fd00:10:244:3::c$/m);
  assert.equal(conf.includes('loadgen'), false);
});

test('without service addresses a name leads to all pods of the service', () => {
  assert.deepEqual(serviceAddresses(pods, 'shop/catalog', true), ['10.96.0.20']);
  assert.deepEqual(serviceAddresses(pods, 'shop/catalog', false), ['10.244.2.11', '10.244.2.12']);
});

test('nginx writes nowhere but into its own folder', () => {
  const conf = nginxConf(pods, '/run/demo/gateway', { certFile: '/c.pem', keyFile: '/k.pem' });
  const paths = conf.match(/(?<=(_temp_path|pid|access_log) )\S+/g) ?? [];
  assert.equal(paths.length, 7);
  for (const path of paths) assert.match(path, /^\/run\/demo\/gateway\//);
  assert.match(conf, /upstream web \{ server 10\.244\.2\.10:8080; keepalive 8; \}/);
});

test('a missing program names the package that brings it, one of those the demo asks for', () => {
  for (const kind of ['nginx', 'dnsmasq', 'redis', 'postgres'] as const) {
    const packageName = missingProgram(kind).match(/apt-get install (\S+)$/)?.[1];
    assert.ok(
      demoPackages.some((known) => known === packageName),
      missingProgram(kind),
    );
  }
});
