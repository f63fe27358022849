import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import type { Command } from 'commander';
import { exporterCommand } from '#bin/exporter.ts';
import { relayCommand } from '#bin/relay.ts';
import { uiCommand } from '#bin/ui.ts';
import { kubernetesResources } from '#exporter/exporter.ts';
import { capabilities } from '#exporter/kernel/capabilities.ts';
import { resources } from '#kubernetes/resource.ts';
import { noHelm, openHelm } from './testing/helm.ts';
import { schemaFaults } from './testing/kubernetes-schema.ts';
import {
  type Container,
  chartPath,
  find,
  type Json,
  podOf,
  type RenderedObject,
  render,
  renderAll,
  variants,
} from './testing/rendered.ts';

const commands: Readonly<Record<string, () => Command>> = {
  exporter: exporterCommand,
  relay: relayCommand,
  ui: uiCommand,
};

describe('the chart', { skip: noHelm }, () => {
  const helm = openHelm('newest');
  let rendered: ReadonlyMap<string, readonly RenderedObject[]> = new Map();
  let everything: readonly RenderedObject[] = [];
  before(async () => {
    rendered = await renderAll(helm);
    everything = rendered.get('with everything on') ?? [];
  });

  it("renders objects that Kubernetes' own schemas accept, in every variant", async () => {
    const faults = await schemaFaults([...rendered.values()].flat());
    assert.deepEqual(faults, []);
  });

  it('is held to those schemas: an unknown field, a wrong type and a missing field are found', async () => {
    const service = find(everything, 'Service', 'parallax-relay');
    const spec = service.spec as Json;
    const [unknown] = await schemaFaults([{ ...service, spec: { ...spec, slector: {} } }]);
    assert.match(unknown ?? '', /slector/);
    const [wrong] = await schemaFaults([{ ...service, spec: { ...spec, ports: [{ port: 'eighty' }] } }]);
    assert.match(wrong ?? '', /port/);
    const [missing] = await schemaFaults([{ ...service, spec: { ...spec, ports: [{}] } }]);
    assert.match(missing ?? '', /port/);
  });

  it('renders the same in the oldest helm it is meant for', async () => {
    const oldest = openHelm('oldest');
    for (const [name, objects] of await renderAll(oldest)) {
      const without = (objects: readonly RenderedObject[]) =>
        objects
          .filter((object) => object.kind !== 'Secret')
          .map((object) => JSON.stringify(object))
          .sort();
      assert.deepEqual(without(objects), without(rendered.get(name) ?? []), name);
    }
  });

  it('passes `helm lint --strict`', async () => {
    assert.match(await helm.run(['lint', '--strict', chartPath]), /0 chart\(s\) failed/);
  });

  it('gives containers only arguments that the parallax command has', () => {
    for (const container of containers(rendered)) {
      const [name = '', ...args] = container.args.map((arg) => expand(arg, container));
      const command = commands[name]?.();
      assert.ok(command, `${name} is a command`);
      command.exitOverride().configureOutput({ writeErr: () => undefined });
      command.action(() => undefined);
      command.parse(args, { from: 'user' });
      assert.deepEqual(command.args, []);
    }
  });

  it('gives every container no more than it needs', () => {
    for (const container of containers(rendered)) {
      const { securityContext } = container;
      assert.deepEqual(securityContext.capabilities.drop, ['ALL']);
      assert.equal(securityContext.readOnlyRootFilesystem, true);
      assert.equal(securityContext.allowPrivilegeEscalation, false);
      assert.notEqual(securityContext.privileged, true);
      const added = container.name === 'exporter' ? capabilities.map(({ name }) => name) : [];
      assert.deepEqual(securityContext.capabilities.add ?? [], added);
    }
    for (const pod of pods(rendered)) {
      assert.deepEqual(pod.securityContext.seccompProfile, { type: 'RuntimeDefault' });
      const isExporter = pod.containers[0]?.name === 'exporter';
      assert.equal(pod.hostNetwork === true, isExporter);
      assert.equal(pod.securityContext.runAsNonRoot === true, !isExporter);
      const paths = (pod.volumes ?? []).flatMap(
        (volume) => (volume.hostPath as { path: string } | undefined)?.path ?? [],
      );
      assert.deepEqual(paths, isExporter ? ['/sys/fs/cgroup'] : []);
    }
  });

  it('grants reading alone, and just what relay and exporter watch', () => {
    const roles = everything.filter((object) => object.kind === 'ClusterRole');
    const rulesOf = (role: RenderedObject) =>
      role.rules as { apiGroups: string[]; resources: string[]; verbs: string[] }[];
    for (const rule of roles.flatMap(rulesOf)) assert.deepEqual(rule.verbs, ['get', 'list', 'watch']);
    const granted = (name: string) =>
      rulesOf(find(everything, 'ClusterRole', name))
        .flatMap(({ apiGroups, resources: names }) =>
          apiGroups.flatMap((group) => names.map((each) => `${group}/${each}`)),
        )
        .sort();
    const byRelay = Object.values(resources).map(({ group, name }) => `${group}/${name}`);
    assert.deepEqual(granted('parallax-relay'), byRelay.sort());
    const byExporter = kubernetesResources;
    assert.deepEqual(granted('parallax-exporter'), byExporter.map((name) => `${resources[name].group}/${name}`).sort());
  });

  it('names every secret, account, service port and probe port that it refers to', () => {
    for (const [variant, objects] of rendered) {
      const made = new Set(objects.map((object) => `${object.kind} ${object.metadata.name}`));
      for (const certificate of objects.filter((object) => object.kind === 'Certificate'))
        made.add(`Secret ${(certificate.spec as { secretName: string }).secretName}`);
      const given = JSON.stringify(variants[variant]);
      for (const pod of objects.flatMap((object) => podOf(object) ?? [])) {
        const account = pod.serviceAccountName;
        assert.ok(
          made.has(`ServiceAccount ${account}`) || given.includes(`"${account}"`) || account === 'default',
          `${variant}: ${account}`,
        );
        for (const { secret } of pod.volumes ?? []) {
          const name = (secret as { secretName: string } | undefined)?.secretName;
          const isGiven = name === 'hubble-relay-client-certs' || given.includes(`"${name}"`);
          assert.ok(name === undefined || isGiven || made.has(`Secret ${name}`), `${variant}: ${name}`);
        }
        for (const container of pod.containers) {
          const names = container.ports.map((port) => port.name);
          for (const probe of [container.livenessProbe, container.readinessProbe]) {
            const { port } = (probe.tcpSocket ?? probe.httpGet ?? probe.grpc) as { port: string | number };
            const open = typeof port === 'number' ? container.ports.map((each) => each.containerPort) : names;
            assert.ok((open as unknown[]).includes(port), `${variant}: ${container.name} opens ${port}`);
          }
        }
      }
      for (const service of objects.filter((object) => object.kind === 'Service')) {
        const { selector, ports } = service.spec as { selector: Json; ports: { targetPort: string }[] };
        const target = objects.find((object) => {
          const labels = (object.spec as { template?: { metadata: { labels: Json } } } | undefined)?.template?.metadata
            .labels;
          return labels !== undefined && Object.entries(selector).every(([key, value]) => labels[key] === value);
        });
        assert.ok(target, `${variant}: ${service.metadata.name} selects pods`);
        const open = podOf(target)?.containers[0]?.ports.map((port) => port.name) ?? [];
        for (const { targetPort } of ports) assert.ok(open.includes(targetPort), `${variant}: ${targetPort}`);
      }
    }
  });

  it('says in words what a value lacks', async () => {
    const refusals: [Json, RegExp][] = [
      [{ tls: { source: 'cert-manager' } }, /tls\.issuerRef\.name/],
      [{ tls: { source: 'given' } }, /tls\.secrets\.(exporter|relayClient)/],
      [
        { tls: { source: 'given', secrets: { exporter: 'a', relayClient: 'b' } }, relay: { tls: { enabled: true } } },
        /relay\.tls\.secret/,
      ],
      [{ ui: { ingress: { enabled: true } } }, /ui\.hosts/],
      [{ mode: 'calico' }, /mode/],
      [{ exporters: {} }, /exporters/],
    ];
    for (const [values, words] of refusals) await assert.rejects(render(helm, values), words);
  });

  it('names in its alerts only metrics that are served', () => {
    const alerts = readFileSync(join(chartPath, 'alerts.yaml'), 'utf8');
    // What is served is compared with that list in tests of exporter and relay.
    const list = readFileSync(join(import.meta.dirname, '..', 'docs', 'metrics.md'), 'utf8');
    const named = [...alerts.matchAll(/\b(parallax|hubble)_[a-z_]+/g)].map(([name]) => name);
    assert.deepEqual(
      named.filter((name) => !list.includes(`\`${name}\``)),
      [],
    );
    assert.ok(named.length >= 5);
  });
});

function pods(rendered: ReadonlyMap<string, readonly RenderedObject[]>) {
  return [...rendered.values()].flat().flatMap((object) => podOf(object) ?? []);
}

function containers(rendered: ReadonlyMap<string, readonly RenderedObject[]>): Container[] {
  return pods(rendered).flatMap((pod) => pod.containers);
}

/** $(NAME) as kubelet replaces it. */
function expand(text: string, { env = [] }: Container): string {
  return text.replace(/\$\((\w+)\)/g, (_, name: string) => {
    assert.ok(
      env.some((each) => each.name === name),
      `${name} is in the environment`,
    );
    return name === 'NODE_IP' ? '192.0.2.1' : 'node-1';
  });
}
