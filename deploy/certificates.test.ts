import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import { createSecureContext } from 'node:tls';
import { noHelm, openHelm } from './testing/helm.ts';
import { find, type Json, podOf, type RenderedObject, render } from './testing/rendered.ts';
import { serveSecrets } from './testing/secret-store.ts';

describe("the chart's own certificates", { skip: noHelm }, () => {
  const helm = openHelm('newest');

  it('are a pair of one CA: servers under the names of all nodes, and a client for the relay', async () => {
    const objects = await render(helm, { clusterName: 'north' });
    const server = certificateOf(objects, 'parallax-exporter-tls');
    const client = certificateOf(objects, 'parallax-relay-client-tls');
    assert.ok(server.checkHost('node-1.north.hubble-grpc.cilium.io'));
    assert.ok(server.checkHost('parallax-exporter.observability.svc'));
    assert.equal(server.checkHost('node-1.south.hubble-grpc.cilium.io'), undefined);
    for (const secret of ['parallax-exporter-tls', 'parallax-relay-client-tls']) {
      const data = dataOf(objects, secret);
      const ca = new X509Certificate(data['ca.crt'] ?? '');
      assert.ok(server.checkIssued(ca) && server.verify(ca.publicKey));
      assert.ok(client.checkIssued(ca) && client.verify(ca.publicKey));
      // Throws where the key is not the certificate's.
      createSecureContext({ cert: data['tls.crt'] ?? '', key: data['tls.key'] ?? '' });
      assert.deepEqual(Object.keys(data).sort(), ['ca.crt', 'tls.crt', 'tls.key'], 'no key of a CA');
    }
  });

  it('are one more for a relay that serves TLS, under the name by which the page asks it', async () => {
    for (const values of [
      { relay: { tls: { enabled: true } } },
      { mode: 'cilium', relay: { tls: { enabled: true } } },
    ]) {
      const objects = await render(helm, values);
      const relay = certificateOf(objects, 'parallax-relay-server-tls');
      const ca = new X509Certificate(dataOf(objects, 'parallax-relay-server-tls')['ca.crt'] ?? '');
      assert.ok(relay.checkIssued(ca) && relay.verify(ca.publicKey));
      const args = podOf(find(objects, 'Deployment', 'parallax-ui'))?.containers[0]?.args ?? [];
      const [, host = ''] = /^--relay=(.+):443$/.exec(args.find((arg) => arg.startsWith('--relay=')) ?? '') ?? [];
      assert.ok(relay.checkHost(host), `${host} is in ${relay.subjectAltName}`);
    }
  });

  it('are kept by an upgrade, renewed when a third of their time is left, and made anew for another name', async (context) => {
    let installed: RenderedObject[] = [];
    const url = await serveSecrets(context, () => installed);
    const upgrade = (values: Json) =>
      render(helm, values, ['--dry-run=server', '--disable-openapi-validation', '--kube-apiserver', url]);
    installed = await upgrade({});
    assert.equal(serial(await upgrade({})), serial(installed));
    assert.equal(serial(await upgrade({ exporter: { port: 4250 } })), serial(installed));
    assert.notEqual(serial(await upgrade({ clusterName: 'north' })), serial(installed));
    installed = [];
    installed = await upgrade({ tls: { validityDays: 300 } });
    assert.equal(serial(await upgrade({ tls: { validityDays: 300 } })), serial(installed));
    assert.notEqual(
      serial(await upgrade({ tls: { validityDays: 1095 } })),
      serial(installed),
      'less than a third of 1095 days',
    );
    installed = installed.filter(({ metadata }) => metadata.name !== 'parallax-relay-client-tls');
    assert.notEqual(
      serial(await upgrade({ tls: { validityDays: 300 } })),
      serial(installed),
      'half of a pair is no pair',
    );
  });

  it('are not made where they are given or come from elsewhere', async () => {
    const given = { tls: { source: 'given', secrets: { exporter: 'a', relayClient: 'b' } } };
    const managed = { tls: { source: 'cert-manager', issuerRef: { name: 'ca' } } };
    for (const values of [given, managed, { mode: 'cilium' }, { tls: { enabled: false } }])
      assert.deepEqual(
        (await render(helm, values)).filter(({ kind }) => kind === 'Secret'),
        [],
      );
  });
});

function dataOf(objects: readonly RenderedObject[], name: string): Readonly<Record<string, string>> {
  const data = find(objects, 'Secret', name).data as Readonly<Record<string, string>>;
  return Object.fromEntries(
    Object.entries(data).map(([file, text]) => [file, Buffer.from(text, 'base64').toString('utf8')]),
  );
}

function certificateOf(objects: readonly RenderedObject[], name: string): X509Certificate {
  return new X509Certificate(dataOf(objects, name)['tls.crt'] ?? '');
}

function serial(objects: readonly RenderedObject[]): string {
  return certificateOf(objects, 'parallax-exporter-tls').serialNumber;
}
