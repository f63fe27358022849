import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { chartPath, type Json, variants } from './testing/rendered.ts';

const schema = JSON.parse(readFileSync(join(chartPath, 'values.schema.json'), 'utf8'));
const accepts = new Ajv({ strictTypes: false }).compile(schema);
const defaults = parse(readFileSync(join(chartPath, 'values.yaml'), 'utf8'));

describe("the schema of the chart's values", () => {
  it('accepts the defaults and every variant', () => {
    for (const [name, values] of Object.entries({ ...variants, defaults }))
      assert.ok(accepts(values), `${name}: ${JSON.stringify(accepts.errors)}`);
  });

  it('knows every value that there is, and no other', () => {
    const paths = (node: Json, path = ''): string[] =>
      Object.entries(node).flatMap(([key, value]) =>
        isObject(value) && Object.keys(value).length > 0 && !free.test(`${path}/${key}`)
          ? paths(value, `${path}/${key}`)
          : [`${path}/${key}`],
      );
    const known = (node: Json, path = ''): string[] =>
      Object.entries((node.properties ?? {}) as Record<string, Json>).flatMap(([key, value]) =>
        value.properties !== undefined && !free.test(`${path}/${key}`)
          ? known(value, `${path}/${key}`)
          : [`${path}/${key}`],
      );
    assert.deepEqual(
      known(schema)
        .filter((path) => path !== '/global')
        .sort(),
      paths(defaults).sort(),
    );
  });

  it('refuses what would not work', () => {
    const bad: Readonly<Record<string, Json>> = {
      'a mode that is none': { mode: 'calico' },
      'a name that is none of ours': { exporters: {} },
      'a misspelt name within': { exporter: { ringbytes: '1M' } },
      'a port beyond the last': { exporter: { port: 70_000 } },
      'a port as text': { exporter: { port: '4244' } },
      'an address with a port': { exporter: { bindAddress: '0.0.0.0:4244' } },
      'a size in words': { relay: { ringBytes: '1 GB' } },
      'a process by a name of no kind': { exporter: { tlsPlaintext: ['nginx'] } },
      'all capabilities': { exporter: { capabilities: ['ALL'] } },
      'a capability by its kernel name in small letters': { exporter: { capabilities: ['cap_bpf'] } },
      'a host with its scheme': { ui: { hosts: ['https://parallax.example.com'] } },
      'a registry with its scheme': { image: { registry: 'https://registry.example.com' } },
      'a short digest': { image: { digests: { ui: 'sha256:abc' } } },
      'a cluster name that Cilium would not take': { clusterName: 'North_1' },
      'certificates from nowhere': { tls: { source: 'vault' } },
      'certificates for no time': { tls: { validityDays: 0 } },
      'half a replica': { relay: { replicas: 0.5 } },
      'memory that is none': { relay: { resources: { limits: { memory: 'lots' } } } },
    };
    for (const [name, values] of Object.entries(bad)) assert.equal(accepts(values), false, name);
  });
});

describe('the alerts', () => {
  it('are what Prometheus accepts', { skip: noPromtool() }, () => {
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', join(chartPath, 'alerts.yaml')], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, `${stdout}${stderr}`);
    assert.match(stdout, /[1-9]\d* rules found/);
  });
});

/** Whatever is below these is Kubernetes' own. */
const free = /Selector$|affinity$|tolerations$|resources$|seccompProfile$|appArmorProfile$|[aA]nnotations$|[lL]abels$/;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function noPromtool(): string | false {
  return spawnSync('promtool', ['--version']).status === 0 ? false : "promtool is not there (Debian's prometheus)";
}
