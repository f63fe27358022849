// A label selector: all requirements must hold. Key and operator as Kubernetes has them; keys carry their source.

import type { LabelSet } from './labels.ts';

export type Operator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';

export interface Requirement {
  /** `source:key`; `any:` for whatever source. */
  readonly name: string;
  readonly operator: Operator;
  readonly values: ReadonlySet<string>;
  /** Written under matchLabels. */
  readonly isLabel?: true;
}

export type LabelSelector = readonly Requirement[];

export function matchesLabels(selector: LabelSelector, labels: LabelSet): boolean {
  for (const requirement of selector) if (!holds(requirement, labels)) return false;
  return true;
}

// As in Kubernetes, NotIn also matches what lacks the key.
function holds(requirement: Requirement, labels: LabelSet): boolean {
  const value = labels.get(requirement.name);
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && requirement.values.has(value);
    case 'NotIn':
      return value === undefined || !requirement.values.has(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

export function hasKey(selector: LabelSelector, test: (name: string) => boolean): boolean {
  return selector.some((requirement) => test(requirement.name));
}

/** `app=web, tier in (a, b), !old`, for explanations. */
export function describeSelector(selector: LabelSelector): string {
  if (selector.length === 0) return 'any labels';
  return selector.map(describeRequirement).join(', ');
}

function describeRequirement({ name, operator, values }: Requirement): string {
  const key = name.replace(/^(any|k8s):/, '');
  const list = [...values];
  switch (operator) {
    case 'In':
      return list.length === 1 ? (list[0] === '' ? key : `${key}=${list[0]}`) : `${key} in (${list.join(', ')})`;
    case 'NotIn':
      return list.length === 1 ? `${key}!=${list[0]}` : `${key} not in (${list.join(', ')})`;
    case 'Exists':
      return `has ${key}`;
    case 'DoesNotExist':
      return `lacks ${key}`;
  }
}
