// Name patterns: source_fqdn, destination_fqdn, node_name. A pattern is letters, digits, "-", "_", "." and "*";
// "*" crosses dots but matches no underscore and, as everything here, no upper case.

import { RE2JS } from 're2js';
import type { FlowFilter } from '#proto/gen/flow/flow.ts';
import { badValue } from './filter-error.ts';
import { toLower, trimSpace } from './unicode.ts';

const anyName = '(?:[-0-9_a-z]+(?:\\.[-0-9_a-z]+)*)';
/** Cluster of a node whose name carries none. */
const defaultCluster = 'default';

/** Any of the names of one end of a flow. */
export function compileFqdns(field: keyof FlowFilter, patterns: readonly string[]) {
  const expression = anchored(patterns.map((pattern) => fqdnExpression(field, pattern, pattern)));
  return (names: readonly string[]): boolean => names.some((name) => expression.test(name));
}

/** "[cluster/]node", each part a name pattern, an empty part or no slash any name. A flow without node never matches. */
export function compileNodeNames(field: keyof FlowFilter, patterns: readonly string[]) {
  const expression = anchored(patterns.map((pattern) => nodeExpression(field, pattern)));
  return (nodeName: string): boolean =>
    nodeName !== '' && expression.test(nodeName.includes('/') ? nodeName : `${defaultCluster}/${nodeName}`);
}

function nodeExpression(field: keyof FlowFilter, pattern: string): string {
  const parts = pattern.split('/');
  if (pattern === '' || parts.length > 2)
    throw badValue(field, pattern, 'is no node name pattern', 'write node, cluster/node or cluster/');
  const [cluster, node] = parts.length === 1 ? ['', pattern] : parts;
  const partExpression = (part = '') => (part === '' ? anyName : fqdnExpression(field, part, pattern));
  return `${partExpression(cluster)}/${partExpression(node)}`;
}

function fqdnExpression(field: keyof FlowFilter, pattern: string, shown: string): string {
  const name = toLower(trimSpace(pattern).replace(/\.$/, ''));
  if (!/^[-_.*0-9a-z]+$/.test(name) || name.endsWith('.'))
    throw badValue(
      field,
      shown,
      'is no name pattern',
      'use letters, digits, - _ . and *, with at most one dot at the end',
    );
  return name.replaceAll('.', '\\.').replaceAll('*', '[-.0-9a-z]*');
}

function anchored(expressions: readonly string[]): RE2JS {
  return RE2JS.compile(`\\A(?:${expressions.join('|')})\\z`);
}
