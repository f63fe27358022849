// What one evaluation of an expression may cost. An expression of 4,096 characters can ask for more work than a
// machine has (loops in loops, text that doubles), so every turn of a loop is counted and sums are bounded.

import { CelScalar, celFunc, celListConcat, listType, parse } from '@bufbuild/cel';

type Expr = ReturnType<typeof parse>['expr'];

/** Turns of all loops for one flow: at about 5 us a turn, 50 ms. Hubble bounds an evaluation to 100,000 cost units. */
export const maximumTurns = 10_000;
/** Characters or elements that `+` may make: far beyond any name or list of a flow. */
export const maximumSum = 65_536;

const spendName = 'parallax_spend_turn';

/** Turns left. Evaluation is synchronous, so one counter serves all programs. */
let turnsLeft = maximumTurns;

/** Call before each evaluation. */
export function refillBudget(): void {
  turnsLeft = maximumTurns;
}

/** True if the evaluation since refillBudget was cut short: its result means nothing. */
export function isBudgetSpent(): boolean {
  return turnsLeft < 0;
}

const { BOOL, BYTES, DYN, STRING } = CelScalar;

/** Functions to give to the CEL environment. */
export const budgetFunctions = [
  celFunc(spendName, [], BOOL, () => --turnsLeft >= 0),
  celFunc('_+_', [STRING, STRING], STRING, (a, b) => {
    requireSum(a.length + b.length);
    return a + b;
  }),
  celFunc('_+_', [BYTES, BYTES], BYTES, (a, b) => {
    requireSum(a.length + b.length);
    return Uint8Array.of(...a, ...b);
  }),
  celFunc('_+_', [listType(DYN), listType(DYN)], listType(DYN), (a, b) => {
    requireSum(a.size + b.size);
    return celListConcat(a, b);
  }),
];

function requireSum(size: number): void {
  if (size > maximumSum) throw new RangeError(`a sum of ${size} is larger than ${maximumSum}`);
}

/** Makes every loop of a checked expression stop when the turns are spent. Changes the expression in place. */
export function meterLoops(expression: Expr | undefined): void {
  const kind = expression?.exprKind;
  switch (kind?.case) {
    case 'selectExpr':
      meterLoops(kind.value.operand);
      return;
    case 'callExpr':
      meterLoops(kind.value.target);
      for (const argument of kind.value.args) meterLoops(argument);
      return;
    case 'listExpr':
      for (const element of kind.value.elements) meterLoops(element);
      return;
    case 'structExpr':
      for (const { keyKind, value } of kind.value.entries) {
        if (keyKind.case === 'mapKey') meterLoops(keyKind.value);
        meterLoops(value);
      }
      return;
    case 'comprehensionExpr': {
      const loop = kind.value;
      for (const part of [loop.iterRange, loop.accuInit, loop.loopStep, loop.result]) meterLoops(part);
      if (loop.loopCondition !== undefined) loop.loopCondition = afterSpending(loop.loopCondition);
    }
  }
}

/** `spend() && condition`. */
function afterSpending(condition: Expr): Expr {
  const both = parse(`${spendName}() && true`).expr;
  if (both.exprKind.case === 'callExpr') both.exprKind.value.args[1] = condition;
  return both;
}
