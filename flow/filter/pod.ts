// source_pod, destination_pod, source_service, destination_service: "[namespace/]prefix".

import type { Endpoint, FlowFilter, Service } from '#proto/gen/flow/flow.ts';
import { badValue } from './filter-error.ts';

/**
 * Namespace exact, name by prefix. Without a slash the namespace is "default"; "ns/" is the whole namespace; "/p" a
 * prefix anywhere, and "/" anything named; what follows a second slash is
 * ignored. A flow with neither namespace nor name never matches.
 */
function compileNamespacedNames(field: keyof FlowFilter, values: readonly string[]) {
  const patterns = values.map((value) => {
    if (value === '')
      throw badValue(field, value, 'names nothing', 'write namespace/name, namespace/ or a name prefix');
    const [namespace = '', prefix] = value.split('/');
    return prefix === undefined ? { namespace: 'default', prefix: namespace } : { namespace, prefix };
  });
  return (namespace: string, name: string): boolean =>
    (namespace !== '' || name !== '') &&
    patterns.some(
      (pattern) => (pattern.namespace === '' || pattern.namespace === namespace) && name.startsWith(pattern.prefix),
    );
}

export function compilePods(field: keyof FlowFilter, values: readonly string[]) {
  const matches = compileNamespacedNames(field, values);
  return (endpoint: Endpoint | undefined): boolean => matches(endpoint?.namespace ?? '', endpoint?.podName ?? '');
}

export function compileServices(field: keyof FlowFilter, values: readonly string[]) {
  const matches = compileNamespacedNames(field, values);
  return (service: Service | undefined): boolean => matches(service?.namespace ?? '', service?.name ?? '');
}
