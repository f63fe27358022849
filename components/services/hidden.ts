// What the reader left out of the map: kinds of noise by their name, anything else by a part of "namespace/name". Words in
// the URL; here they become ids. Only the map leaves them out: the table and every figure of the relay count them.

import type { MapVertex, ServiceMapModel } from '../store/service-map-model.ts';

export const NOISE = ['dns', 'probes', 'monitoring', 'hosts'] as const;
export type Noise = (typeof NOISE)[number];

export const NOISE_NAMES: Readonly<Record<Noise, string>> = {
  dns: 'DNS',
  probes: 'Probes',
  monitoring: 'Prometheus',
  hosts: 'Hosts',
};

const DNS_NAME = /(^|[-.])(kube-dns|coredns|node-local-dns|dnsmasq|resolved)([-.]|$)/;
const MONITORING_NAME =
  /prometheus|vmagent|victoria-metrics|(grafana-)?alloy|otel-collector|node-exporter|kube-state-metrics/;
const PROBE_NAME = /^(kubelet|health|health-checker|probe.*)$/;
const HOST_NAMES = new Set(['host', 'remote-node', 'kube-apiserver']);

export function isNoise(vertex: MapVertex, noise: Noise): boolean {
  const { kind, name } = vertex;
  switch (noise) {
    case 'dns':
      return kind !== 'external' && DNS_NAME.test(name);
    case 'probes':
      return kind !== 'external' && PROBE_NAME.test(name);
    case 'monitoring':
      return kind === 'workload' && MONITORING_NAME.test(name);
    case 'hosts':
      return kind === 'reserved' && HOST_NAMES.has(name);
  }
}

/** How many vertices are of each kind of noise; kinds without any are left out. */
export function noiseOn(model: ServiceMapModel): Map<Noise, number> {
  const counts = new Map<Noise, number>();
  for (const vertex of model.vertices.values()) {
    for (const noise of NOISE) if (isNoise(vertex, noise)) counts.set(noise, (counts.get(noise) ?? 0) + 1);
  }
  return counts;
}

export function isHidden(vertex: MapVertex, hidden: readonly string[]): boolean {
  return hidden.some((word) => {
    const noise = NOISE.find((each) => each === word);
    if (noise !== undefined) return isNoise(vertex, noise);
    return word !== '' && `${vertex.namespace}/${vertex.name}`.toLowerCase().includes(word.toLowerCase());
  });
}
