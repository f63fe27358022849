// The other end in a Cilium rule: endpoints, entities, prefixes, names, services.

import { compileDnsPattern } from './dns-pattern.ts';
import type { Field } from './field.ts';
import { describeSelector, hasKey, type LabelSelector, matchesLabels } from './label-selector.ts';
import { LabelSet } from './labels.ts';
import { readPrefix } from './network-policy.ts';
import type { Party } from './party.ts';
import { addressesPeer, entityNames, entityPeer, fqdnPeer, identityPeer, prefixPeer } from './peers.ts';
import type { Direction, Entry, Peer } from './rule.ts';
import { readSelector } from './selector-field.ts';
import type { World } from './world.ts';

const namespaceName = 'k8s:io.kubernetes.pod.namespace';
const external: ReadonlySet<Party['kind']> = new Set(['external']);
const knownSources = /^(k8s|any|reserved|cidr|fqdn|container|unspec):/;

/** A key without a source means whatever source has it. */
export function ciliumKey(key: string): string {
  if (/^(\$|reserved\.)/.test(key)) return `reserved:${key.replace(/^(\$|reserved\.)/, '')}`;
  return knownSources.test(key) ? key : `any:${key}`;
}

export function readCiliumSelector(field: Field): LabelSelector | undefined {
  return readSelector(field, ciliumKey);
}

const readers: Readonly<Record<string, (field: Field, namespace: string, world: World) => Peer>> = {
  Endpoints: readEndpoints,
  Entities: readEntity,
  CIDR: (field) => prefixPeer(readPrefix(field), [], external),
  CIDRSet: readPrefixSet,
  FQDNs: readFqdn,
  Services: readService,
};
const notEvaluated = ['Nodes', 'Groups', 'Requires'];

/**
 * @returns undefined if the rule names no peers: any. An empty list names nobody. Lists of several kinds are refused, as
 * Cilium refuses them.
 */
export function readCiliumPeers(
  entry: Field,
  direction: Direction,
  action: Entry['action'],
  namespace: string,
  world: World,
): readonly Peer[] | undefined {
  const side = direction === 'ingress' ? 'from' : 'to';
  entry.warnOfOthers([
    ...[...Object.keys(readers), ...notEvaluated].map((kind) => `${side}${kind}`),
    'toPorts',
    'icmps',
    'authentication',
  ]);
  const named = Object.entries(readers).flatMap(([kind, read]) => {
    const field = entry.get(`${side}${kind}`);
    const list = field.list();
    if (list === undefined) return [];
    if (kind === 'FQDNs' && (direction === 'ingress' || action === 'deny'))
      throw field.error('is allowed in egress rules that allow, only');
    return [{ field, list, read }];
  });
  for (const kind of notEvaluated) {
    const field = entry.get(`${side}${kind}`);
    if (!field.isSet) continue;
    field.warn('is not evaluated here; the rule is taken to match nobody by it');
    named.push({ field, list: [], read: readEntity });
  }
  const filled = named.filter(({ list }) => list.length > 0);
  const second = filled[1];
  if (second !== undefined) throw second.field.error(`cannot stand beside ${filled[0]?.field.path.split('.').at(-1)}`);
  if (named.length === 0) return undefined;
  return named.flatMap(({ list, read }) => list.map((item) => read(item, namespace, world)));
}

/**
 * In a CNP a selector means its own namespace unless it speaks of namespaces itself. In a cluster-wide policy it means pods
 * of all, also where it goes by labels of namespaces. A selector for reserved labels means what it says.
 */
function readEndpoints(field: Field, namespace: string): Peer {
  const selector = readCiliumSelector(field) ?? [];
  const namesNamespace = hasKey(selector, (key) => /^(k8s|any):io\.kubernetes\.pod\.namespace$/.test(key));
  const speaksOfReserved = hasKey(selector, (key) => key.startsWith('reserved:'));
  if (namesNamespace || speaksOfReserved) return identityPeer(selector);
  if (namespace === '')
    return identityPeer(
      [...selector, { name: namespaceName, operator: 'Exists', values: new Set() }],
      `pods with ${describeSelector(selector)}`,
    );
  if (hasKey(selector, (key) => /^(k8s|any):io\.cilium\.k8s\.namespace\.labels\./.test(key)))
    return identityPeer(selector);
  return identityPeer(
    [...selector, { name: namespaceName, operator: 'In', values: new Set([namespace]) }],
    `pods of ${namespace} with ${describeSelector(selector)}`,
  );
}

function readEntity(field: Field): Peer {
  const name = field.text() ?? '';
  const peer = entityPeer(name);
  if (peer === undefined) throw field.error(`"${name}" is none of ${entityNames.join(', ')}`);
  return peer;
}

function readPrefixSet(field: Field): Peer {
  field.warnOfOthers(['cidr', 'cidrGroupRef', 'cidrGroupSelector', 'except']);
  if (field.get('cidrGroupRef').isSet || field.get('cidrGroupSelector').isSet) {
    field.warn('names a CIDR group, which is not known here; it matches nobody');
    return { text: 'a CIDR group', matches: () => false };
  }
  return prefixPeer(readPrefix(field.get('cidr')), (field.get('except').list() ?? []).map(readPrefix), external);
}

function readFqdn(field: Field): Peer {
  field.warnOfOthers(['matchName', 'matchPattern']);
  const name = field.get('matchName').text();
  const pattern = field.get('matchPattern').text();
  if ((name === undefined) === (pattern === undefined)) throw field.error('needs one of matchName and matchPattern');
  const matches = compileDnsPattern(name ?? pattern ?? '', name !== undefined);
  if (matches === undefined) throw field.error(`"${name ?? pattern}" is no DNS name or pattern`);
  return fqdnPeer(`names like ${name ?? pattern}`, matches);
}

function readService(field: Field, own: string, world: World): Peer {
  field.warnOfOthers(['k8sService', 'k8sServiceSelector']);
  const byName = field.get('k8sService');
  const bySelector = field.get('k8sServiceSelector');
  const namespace = byName.get('namespace').text() ?? bySelector.get('namespace').text() ?? own;
  const name = byName.get('serviceName').text();
  const selector = readSelector(bySelector.get('selector'), (key) => `k8s:${key}`);
  if (name === undefined && selector === undefined)
    throw field.error('needs k8sService.serviceName or k8sServiceSelector.selector');
  const chosen = world.services.filter(
    (service) =>
      (namespace === '' || service.namespace === namespace) &&
      (name === undefined || service.name === name) &&
      (selector === undefined ||
        matchesLabels(
          selector,
          new LabelSet(Object.entries(service.labels).map(([key, value]) => [`k8s:${key}`, value])),
        )),
  );
  return addressesPeer(
    `backends of service ${namespace}/${name ?? describeSelector(selector ?? [])}`,
    chosen.flatMap((service) => service.backends),
  );
}
