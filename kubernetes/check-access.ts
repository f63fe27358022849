// What `parallax doctor` tells of the API server: whether it answers, and which of the rights that names need it grants
// (SelfSubjectAccessReview: anybody who is authenticated may ask that of himself).

import type { ApiClient } from './api-client.ts';
import { ApiError, printable } from './api-error.ts';
import { isServed } from './is-served.ts';
import { fullNameOf, type Resource, type ResourceName, resources } from './resource.ts';

export interface AccessFinding {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  /** Empty where nothing is to mend. */
  readonly mend: string;
}

const verbs = ['list', 'watch'] as const;

/** The server first; the rights only if it answers. Never throws. */
export async function checkAccess(
  client: ApiClient,
  names: readonly ResourceName[],
  signal: AbortSignal,
): Promise<AccessFinding[]> {
  const check = 'Kubernetes API';
  try {
    const { gitVersion } = ((await client.getJson('/version', signal)) ?? {}) as { gitVersion?: unknown };
    const version = typeof gitVersion === 'string' ? `, ${printable(gitVersion)}` : '';
    const server = { check, ok: true, detail: `${client.access.text} answers${version}`, mend: '' };
    return [server, ...(await Promise.all(names.map((name) => rightOf(client, resources[name], signal))))];
  } catch (error) {
    const { kind, message } = ApiError.from(error);
    const mend =
      kind === 'unauthorized' || kind === 'forbidden'
        ? 'check the token or client certificate of the kubeconfig or service account'
        : 'check the server in the kubeconfig, its CA, and the way there';
    return [{ check, ok: false, detail: `${client.access.text}: ${message}`, mend }];
  }
}

async function rightOf(client: ApiClient, resource: Resource, signal: AbortSignal): Promise<AccessFinding> {
  const check = fullNameOf(resource);
  const group = resource.group === '' ? '""' : resource.group;
  const mend = `grant list and watch on ${resource.name} (apiGroups: [${group}]) in a ClusterRole`;
  try {
    const allowed = await Promise.all(verbs.map((verb) => isAllowed(client, resource, verb, signal)));
    const missing = verbs.filter((_, index) => !allowed[index]);
    if (missing.length === 0) return { check, ok: true, detail: 'may be listed and watched', mend: '' };
    if (resource.isOptional && !(await isServed(client, resource, signal)))
      return { check, ok: true, detail: 'not installed', mend: '' };
    return { check, ok: false, detail: `${missing.join(' and ')} not granted: without them ${resource.use}`, mend };
  } catch (error) {
    return { check, ok: false, detail: `cannot be asked: ${ApiError.from(error).message}`, mend };
  }
}

async function isAllowed(client: ApiClient, resource: Resource, verb: string, signal: AbortSignal): Promise<boolean> {
  const { group, version, name } = resource;
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: { verb, group, version, resource: name } },
  };
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
  const answer = (await client.postJson(path, review, signal)) as { status?: { allowed?: unknown } } | null;
  return answer?.status?.allowed === true;
}
