// Policy objects to a set, all or nothing: a faulty one is told with its place, its field and the rule that it breaks.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { PolicySet, policyKinds } from '#policy/policy-set.ts';
import type { World } from '#policy/world.ts';
import type { PolicyObject } from './policy-source.ts';

/** Faults told one by one; more of them seldom say more. */
const maxTold = 5;

export interface CompiledPolicies {
  readonly set: PolicySet;
  /** Of no consequence for the rest: fields and kinds that are not known. */
  readonly warnings: readonly string[];
}

/**
 * Others run after each 10 ms of the work.
 * Rejects with an Error that tells the first faults, each with file, document, policy, field and rule.
 */
export async function compilePolicies(
  objects: readonly PolicyObject[],
  world: World,
  leavesOutFaulty = false,
): Promise<CompiledPolicies> {
  const known = objects.filter(({ object }) => policyKinds.has(kindOf(object)));
  const policies = known.map(({ object }) => object);
  const set = await PolicySet.compile(policies, world, {}, nextTurn);
  const tell = (problem: (typeof set.problems)[number]): string =>
    `${known[problem.object]?.origin ?? ''}: ${problem.policy}: ${problem.field} ${problem.message}`;
  const faults = set.problems.filter(({ severity }) => severity === 'error').map(tell);
  if (faults.length > maxTold) faults.splice(maxTold, faults.length, `and ${faults.length - maxTold} more`);
  if (faults.length > 0 && !leavesOutFaulty) throw new Error(faults.join('; '));
  const others = objects
    .filter(({ object }) => !policyKinds.has(kindOf(object)))
    .map(({ object, origin }) => `${origin}: ${kindOf(object)} is not evaluated here`);
  return { set, warnings: [...others, ...set.problems.map(tell)] };
}

function kindOf(object: unknown): string {
  return String((object as { kind?: unknown }).kind);
}
