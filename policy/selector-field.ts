// metav1.LabelSelector as it stands in a policy.

import type { Field } from './field.ts';
import type { LabelSelector, Operator, Requirement } from './label-selector.ts';

const operators: readonly Operator[] = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

/** Most requirements one selector may hold; more is refused, since each is tried for each set of labels. */
const maxRequirements = 1000;
const maxValues = 10_000;

/**
 * @param nameOf what a key means here: Kubernetes' keys are pod labels, Cilium's may carry a source.
 * @returns undefined if the selector is left out, which is not the same as an empty one.
 */
export function readSelector(field: Field, nameOf: (key: string) => string): LabelSelector | undefined {
  if (!field.isSet) return undefined;
  field.warnOfOthers(['matchLabels', 'matchExpressions']);
  const requirements: Requirement[] = field
    .get('matchLabels')
    .entries()
    .map(([key, value]) => ({ name: nameOf(key), operator: 'In', values: new Set([value]), isLabel: true }));
  for (const expression of field.get('matchExpressions').list() ?? [])
    requirements.push(readExpression(expression, nameOf));
  if (requirements.length > maxRequirements)
    throw field.error(`has ${requirements.length} requirements; the limit is ${maxRequirements}`);
  return requirements;
}

function readExpression(field: Field, nameOf: (key: string) => string): Requirement {
  const key = field.get('key').text();
  if (key === undefined || key === '') throw field.get('key').error('is missing');
  const written = field.get('operator').text();
  const operator = operators.find((each) => each === written);
  if (operator === undefined) throw field.get('operator').error(`"${written}" is none of ${operators.join(', ')}`);
  const values = field.get('values').texts() ?? [];
  const wantsValues = operator === 'In' || operator === 'NotIn';
  if (wantsValues && values.length === 0) throw field.get('values').error(`must not be empty with ${operator}`);
  if (!wantsValues && values.length > 0) throw field.get('values').error(`must be empty with ${operator}`);
  if (values.length > maxValues)
    throw field.get('values').error(`has ${values.length} values; the limit is ${maxValues}`);
  return { name: nameOf(key), operator, values: new Set(values) };
}
