// What a port forward leads to: a Service of ours found by its labels, and behind it a pod that is ready.

import type { ApiClient } from '#kubernetes/api-client.ts';
import { ApiError } from '#kubernetes/api-error.ts';

export type ForwardedService = 'page' | 'relay';

export interface ServiceTarget {
  readonly namespace: string;
  readonly name: string;
  readonly selector: string;
  /** Name or number of the pods' port. */
  readonly targetPort: string | number;
}

export interface PodTarget {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

interface ServiceJson {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly selector?: Readonly<Record<string, string>>;
    readonly ports?: readonly {
      readonly name?: string;
      readonly port: number;
      readonly targetPort?: string | number;
    }[];
  };
}

interface PodJson {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly spec: {
    readonly containers: readonly {
      readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
    }[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/** By the chart's labels; a relay of Hubble's is a relay, too. The first that finds anything decides. */
const searches: Readonly<Record<ForwardedService, readonly string[]>> = {
  page: ['app.kubernetes.io/part-of=parallax,app.kubernetes.io/component=ui'],
  relay: ['app.kubernetes.io/part-of=parallax,app.kubernetes.io/component=relay', 'k8s-app=hubble-relay'],
};

/**
 * @param namespace default: all that may be read
 * @throws ApiError, or Error in words where there is none, or more than one
 */
export async function findService(
  client: ApiClient,
  what: ForwardedService,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<ServiceTarget> {
  const where = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  for (const labels of searches[what]) {
    const path = `/api/v1${where}/services?labelSelector=${encodeURIComponent(labels)}`;
    const services = itemsOf<ServiceJson>(await list(client, path, namespace, signal));
    const [service, ...others] = services;
    if (service === undefined) continue;
    if (others.length > 0)
      throw new Error(
        `there are ${services.length} services of a ${what}: ${services.map(nameOf).join(', ')}; choose with --namespace.`,
      );
    return targetOf(service);
  }
  const place = namespace === undefined ? 'any namespace' : `namespace ${namespace}`;
  throw new Error(`there is no service of a ${what} in ${place}: is Parallax installed there (helm install)?`);
}

/** A pod that is ready; else why there is none, in words. */
export async function findReadyPod(
  client: ApiClient,
  service: ServiceTarget,
  signal: AbortSignal,
): Promise<PodTarget | string> {
  const { namespace, selector } = service;
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods?labelSelector=${encodeURIComponent(selector)}`;
  const pods = itemsOf<PodJson>(await client.getJson(path, signal));
  const ready = pods.find(isReady);
  if (ready === undefined) {
    const states = pods.map((pod) => `${pod.metadata.name} is ${stateOf(pod)}`);
    return `no pod of ${namespace}/${service.name} is ready (${states.join(', ') || 'there is none'})`;
  }
  const port = portOf(ready, service.targetPort);
  if (port === undefined) return `pod ${namespace}/${ready.metadata.name} has no port ${service.targetPort}`;
  return { namespace, name: ready.metadata.name, port };
}

async function list(
  client: ApiClient,
  path: string,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<unknown> {
  try {
    return await client.getJson(path, signal);
  } catch (error) {
    if (!(error instanceof ApiError) || error.kind !== 'forbidden' || namespace !== undefined) throw error;
    throw new Error(`services of all namespaces may not be read; name one with --namespace (${error.message}).`, {
      cause: error,
    });
  }
}

function itemsOf<Item>(answer: unknown): readonly Item[] {
  const items = (answer as { items?: unknown } | null)?.items;
  if (!Array.isArray(items)) throw new ApiError('unreadable', 'the answer is no list of Kubernetes objects');
  return items as Item[];
}

function targetOf(service: ServiceJson): ServiceTarget {
  const { selector, ports = [] } = service.spec;
  // Metrics have a port of their own beside it.
  const port = ports.find(({ name }) => name !== 'metrics');
  if (selector === undefined || Object.keys(selector).length === 0 || port === undefined)
    throw new Error(`service ${nameOf(service)} selects no pods, or has no port.`);
  return {
    ...service.metadata,
    selector: Object.entries(selector)
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
    targetPort: port.targetPort ?? port.port,
  };
}

function nameOf({ metadata }: ServiceJson): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function isReady({ metadata, status }: PodJson): boolean {
  const ready = status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True');
  return metadata.deletionTimestamp === undefined && ready === true;
}

function stateOf({ metadata, status }: PodJson): string {
  if (metadata.deletionTimestamp !== undefined) return 'ending';
  return status?.phase === 'Running' ? 'not ready' : (status?.phase ?? 'unknown');
}

function portOf({ spec }: PodJson, wanted: string | number): number | undefined {
  if (typeof wanted === 'number') return wanted;
  return spec.containers.flatMap(({ ports = [] }) => ports).find(({ name }) => name === wanted)?.containerPort;
}
