// As much of an API server as rendering with `lookup` asks: which kinds there are, and the secrets of a namespace.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { RenderedObject } from './rendered.ts';

const kinds: Readonly<Record<string, readonly string[]>> = {
  v1: ['Secret', 'Service', 'ServiceAccount'],
  'apps/v1': ['DaemonSet', 'Deployment'],
  'networking.k8s.io/v1': ['NetworkPolicy'],
  'rbac.authorization.k8s.io/v1': ['ClusterRole', 'ClusterRoleBinding'],
};

const documents: Readonly<Record<string, object>> = {
  '/version': { major: '1', minor: '34', gitVersion: 'v1.34.0' },
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/apis': {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: Object.keys(kinds)
      .filter((each) => each !== 'v1')
      .map(group),
  },
  ...Object.fromEntries(
    Object.entries(kinds).map(([version, names]) => [
      version === 'v1' ? '/api/v1' : `/apis/${version}`,
      { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: version, resources: names.map(resource) },
    ]),
  ),
};

/** @returns its URL; it stops after the test */
export async function serveSecrets(context: TestContext, objects: () => readonly RenderedObject[]): Promise<string> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://server');
    const [, namespace, name] = /^\/api\/v1\/namespaces\/([^/]+)\/secrets\/([^/]+)$/.exec(pathname) ?? [];
    const found =
      documents[pathname] ??
      objects().find(
        ({ kind, metadata }) => kind === 'Secret' && metadata.name === name && metadata.namespace === namespace,
      );
    const absent = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 };
    response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(found === undefined ? absent : owned(found)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** As helm marks what it has installed. */
function owned(object: object): object {
  if (!('metadata' in object)) return object;
  const metadata = object.metadata as RenderedObject['metadata'];
  const marks = { 'meta.helm.sh/release-name': 'parallax', 'meta.helm.sh/release-namespace': metadata.namespace };
  return {
    ...object,
    metadata: { ...metadata, annotations: { ...(metadata.annotations as object | undefined), ...marks } },
  };
}

function group(groupVersion: string): object {
  const [name, version] = groupVersion.split('/');
  return { name, versions: [{ groupVersion, version }], preferredVersion: { groupVersion, version } };
}

function resource(kind: string): object {
  const name = kind.toLowerCase().replace(/y$/, 'ie');
  const namespaced = !kind.startsWith('Cluster');
  return { name: `${name}s`, singularName: kind.toLowerCase(), kind, namespaced, verbs: ['get', 'list', 'create'] };
}
