// The chart as helm renders it, as objects.

import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { Helm } from './helm.ts';

export const chartPath = join(import.meta.dirname, '..', 'helm', 'parallax');

export type Json = { readonly [key: string]: unknown };

export interface RenderedObject extends Json {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Json & { readonly name: string; readonly namespace?: string; readonly labels?: Json };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly securityContext: Json & {
    readonly capabilities: { readonly drop: readonly string[]; readonly add?: readonly string[] };
  };
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly livenessProbe: Json;
  readonly readinessProbe: Json;
}

export interface PodSpec extends Json {
  readonly containers: readonly Container[];
  readonly serviceAccountName: string;
  readonly securityContext: Json;
  readonly volumes?: readonly (Json & { readonly name: string })[];
}

/** Of every variant, by its name. */
export async function renderAll(helm: Helm): Promise<ReadonlyMap<string, readonly RenderedObject[]>> {
  const all = Object.entries(variants).map(async ([name, values]) => [name, await render(helm, values)] as const);
  return new Map(await Promise.all(all));
}

/** Every way of installing that is meant to work, by name. */
export const variants: Readonly<Record<string, Json>> = {
  'as it is': {},
  'without TLS': { tls: { enabled: false } },
  'with given certificates': {
    tls: { source: 'given', secrets: { exporter: 'node-certificate', relayClient: 'relay-certificate' } },
  },
  'with cert-manager': { tls: { source: 'cert-manager', issuerRef: { kind: 'ClusterIssuer', name: 'company-ca' } } },
  'with TLS at the relay': { relay: { tls: { enabled: true } } },
  'with a given certificate at the relay': { relay: { tls: { enabled: true, secret: 'relay-server' } } },
  'with cert-manager everywhere': {
    tls: { source: 'cert-manager', issuerRef: { name: 'company-ca' } },
    relay: { tls: { enabled: true } },
  },
  'over Cilium': { mode: 'cilium' },
  'over Cilium with TLS at the relay': { mode: 'cilium', relay: { tls: { enabled: true } } },
  'over Cilium without TLS': { mode: 'cilium', tls: { enabled: false } },
  'with everything on': {
    clusterName: 'north',
    image: {
      registry: 'registry.example.com/tools',
      pullSecrets: ['pull'],
      digests: { exporter: `sha256:${'a'.repeat(64)}`, relay: '', ui: '' },
    },
    exporter: {
      interfaces: ['eth*', 'cali*'],
      tlsPlaintext: ['comm:nginx'],
      processArguments: true,
      podAnnotations: { a: 'b' },
      podLabels: { team: 'net' },
    },
    relay: {
      replicas: 2,
      peers: ['tls://relay.south.example.com:443'],
      podDisruptionBudget: { enabled: true },
      service: { type: 'LoadBalancer', annotations: { internal: 'true' } },
    },
    ui: { hosts: ['parallax.example.com'], ingress: { enabled: true, className: 'nginx', tlsSecret: 'page' } },
    networkPolicy: {
      metricsFrom: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
      relayFrom: [{ ipBlock: { cidr: '192.0.2.0/24' } }],
      uiFrom: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress' } } }],
    },
    serviceAccounts: { annotations: { owner: 'net' } },
    serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
    prometheusRule: { enabled: true },
  },
  'with everything off': {
    exporter: { metrics: { enabled: false }, hostPID: false, appArmorProfile: null },
    relay: { metrics: { enabled: false } },
    ui: { enabled: false },
    rbac: { create: false },
    serviceAccounts: { create: false, exporter: 'mine', relay: 'mine' },
    networkPolicy: { enabled: false },
    tls: { enabled: false },
    serviceMonitor: { enabled: true },
  },
};

/** @param more arguments for `helm template` @throws Error with helm's words */
export async function render(helm: Helm, values: Json, more: readonly string[] = []): Promise<RenderedObject[]> {
  const path = join(tmpdir(), `parallax-values-${randomUUID()}.json`);
  writeFileSync(path, JSON.stringify(values));
  try {
    const args = ['template', 'parallax', chartPath, '--namespace', 'observability', '--kube-version', '1.34.0'];
    return parse(await helm.run([...args, '--values', path, ...more]));
  } finally {
    rmSync(path);
  }
}

/** As Kubernetes reads YAML: version 1.1, where 0400 is octal. */
export function parse(text: string): RenderedObject[] {
  return parseAllDocuments(text, { version: '1.1' })
    .map((document) => {
      if (document.errors[0] !== undefined) throw document.errors[0];
      return document.toJS() as RenderedObject | null;
    })
    .filter((object) => object !== null);
}

export function podOf(object: RenderedObject): PodSpec | undefined {
  if (object.kind !== 'Deployment' && object.kind !== 'DaemonSet') return undefined;
  return (object.spec as { template: { spec: PodSpec } }).template.spec;
}

/** @throws Error when there is none */
export function find(objects: readonly RenderedObject[], kind: string, name: string): RenderedObject {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
  return found;
}
