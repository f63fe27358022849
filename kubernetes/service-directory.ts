// Which service has a virtual address, and which pods are behind it: from Services and EndpointSlices, or from the selector
// where a service has no slice. Read off the index of objects again when they have changed, at most once a second.

import type { Service } from '#proto/gen/flow/flow.ts';
import { canonicalAddress } from './addresses.ts';
import type { KubernetesObject, ServicePortSpec } from './kubernetes-object.ts';

const REBUILD_MS = 1000;
const NO_SERVICES: readonly ServicePort[] = [];

export interface Backend {
  readonly address: string;
  readonly port: number;
}

/** One port of a service that has virtual addresses. */
export interface ServicePort {
  /** The same for as long as the service and its port are. */
  readonly key: string;
  readonly service: Service;
  /** Port of every node that leads here; 0 for none. */
  readonly nodePort: number;
  readonly backends: readonly Backend[];
}

export interface ObjectSource {
  /** Grows with every change of the objects. */
  readonly version: number;
  objects(): Iterable<KubernetesObject>;
}

type Kind<K extends KubernetesObject['kind']> = Extract<KubernetesObject, { kind: K }>;

export class ServiceDirectory {
  readonly #source: ObjectSource;
  readonly #monotonicMs: () => number;
  #readVersion = -1;
  #readMs = Number.NEGATIVE_INFINITY;
  #byVirtualAddress = new PortMap<ServicePort>();
  #byBackend = new PortMap<readonly ServicePort[]>();

  constructor(source: ObjectSource, monotonicMs: () => number = () => performance.now()) {
    this.#source = source;
    this.#monotonicMs = monotonicMs;
  }

  /** Grows when answers may have become others. */
  get version(): number {
    this.#refresh();
    return this.#readVersion;
  }

  /** `protocol`: "TCP" or "UDP". */
  byVirtualAddress(protocol: string, address: string, port: number): ServicePort | undefined {
    this.#refresh();
    return this.#byVirtualAddress.get(protocol, address, port);
  }

  /** The services that a pod's port is behind. */
  byBackend(protocol: string, address: string, port: number): readonly ServicePort[] {
    this.#refresh();
    return this.#byBackend.get(protocol, address, port) ?? NO_SERVICES;
  }

  #refresh(): void {
    if (this.#source.version === this.#readVersion) return;
    const nowMs = this.#monotonicMs();
    if (nowMs - this.#readMs < REBUILD_MS) return;
    this.#readMs = nowMs;
    this.#readVersion = this.#source.version;
    this.#read();
  }

  #read(): void {
    this.#byVirtualAddress = new PortMap();
    this.#byBackend = new PortMap();
    const services: Kind<'Service'>[] = [];
    const slices = new Map<string, Kind<'EndpointSlice'>[]>();
    const pods: Kind<'Pod'>[] = [];
    for (const object of this.#source.objects()) {
      if (object.kind === 'Service' && object.addresses.length > 0) services.push(object);
      if (object.kind === 'Pod') pods.push(object);
      if (object.kind === 'EndpointSlice') {
        const key = `${object.meta.namespace}/${object.serviceName}`;
        slices.set(key, [...(slices.get(key) ?? []), object]);
      }
    }
    for (const service of services) {
      const { name, namespace } = service.meta;
      const own = slices.get(`${namespace}/${name}`);
      for (const port of service.ports) {
        const backends = own === undefined ? selectedBackends(service, port, pods) : slicedBackends(own, port);
        this.#add(service, port, backends);
      }
    }
  }

  #add(service: Kind<'Service'>, { protocol, port, nodePort }: ServicePortSpec, backends: readonly Backend[]): void {
    const { name, namespace } = service.meta;
    const key = `${namespace}/${name}/${protocol}/${port}`;
    const entry: ServicePort = { key, service: { name, namespace }, nodePort, backends };
    for (const address of service.addresses) {
      this.#byVirtualAddress.set(protocol, canonicalAddress(address) ?? address, port, entry);
    }
    for (const { address, port } of backends) {
      const others = this.#byBackend.get(protocol, address, port) ?? [];
      this.#byBackend.set(protocol, address, port, [...others, entry]);
    }
  }
}

/** By port first: of most connections it is the client's own, and nothing is there. Asked several times for each record. */
class PortMap<Value> {
  readonly #byPort = new Map<number, Map<string, Map<string, Value>>>();

  get(protocol: string, address: string, port: number): Value | undefined {
    return this.#byPort.get(port)?.get(protocol)?.get(address);
  }

  set(protocol: string, address: string, port: number, value: Value): void {
    const byProtocol = this.#byPort.get(port) ?? new Map<string, Map<string, Value>>();
    const byAddress = byProtocol.get(protocol) ?? new Map<string, Value>();
    this.#byPort.set(port, byProtocol.set(protocol, byAddress.set(address, value)));
  }
}

/** Slices join to a service's port by the port's name. */
function slicedBackends(slices: readonly Kind<'EndpointSlice'>[], wanted: ServicePortSpec): Backend[] {
  return slices.flatMap((slice) =>
    slice.ports
      .filter(({ name, protocol }) => name === wanted.name && protocol === wanted.protocol)
      .flatMap(({ port }) =>
        slice.addresses.map((address) => ({ address: canonicalAddress(address) ?? address, port })),
      ),
  );
}

/** A port that is named in the pod's containers needs a slice. */
function selectedBackends(
  service: Kind<'Service'>,
  { targetPort }: ServicePortSpec,
  pods: readonly Kind<'Pod'>[],
): Backend[] {
  if (typeof targetPort !== 'number' || service.selector.size === 0) return [];
  return pods
    .filter((pod) => pod.meta.namespace === service.meta.namespace && !pod.isFinished)
    .filter((pod) => [...service.selector].every(([label, value]) => pod.meta.labels.get(label) === value))
    .flatMap((pod) => pod.addresses)
    .map((address) => ({ address: canonicalAddress(address) ?? address, port: targetPort }));
}
