// What Hubble finds out when it builds an expression, because it folds constants: a conversion of a literal that fails
// (timestamp("noon"), int("x")) and a literal pattern of matches() that is no regular expression. @bufbuild/cel would
// find out while running, and the filter would be false for every flow instead of refused.

import { type CelResult, isCelError, parse } from '@bufbuild/cel';

type Parsed = ReturnType<typeof parse>;
type Expr = Parsed['expr'];

/** Functions of one argument that are folded where it is constant. */
const conversions = new Set([
  ...['bool', 'bytes', 'double', 'duration', 'dyn', 'int', 'string', 'timestamp', 'type', 'uint'],
]);

export interface ConstantRules {
  /** Runs an expression that has no variables. */
  readonly evaluate: (parsed: Parsed) => CelResult;
  /** Throws where the text is no regular expression. */
  readonly compilePattern: (pattern: string) => unknown;
}

/** Throws the first error that a constant part of the expression makes. */
export function checkConstants(expression: Expr | undefined, rules: ConstantRules): void {
  for (const part of partsOf(expression)) checkConstants(part, rules);
  const kind = expression?.exprKind;
  if (kind?.case !== 'callExpr') return;
  const { function: name, target, args } = kind.value;
  const operands = target === undefined ? args : [target, ...args];
  if (name === 'matches' && isConstant(operands[1])) {
    const pattern = constantValue(operands[1], rules);
    if (typeof pattern === 'string') rules.compilePattern(pattern);
  } else if (isConstant(expression)) constantValue(expression, rules);
}

/** A literal, or conversions around one. */
function isConstant(expression: Expr | undefined): boolean {
  const kind = expression?.exprKind;
  if (kind?.case === 'constExpr') return true;
  if (kind?.case !== 'callExpr' || kind.value.target !== undefined || !conversions.has(kind.value.function))
    return false;
  return kind.value.args.length === 1 && isConstant(kind.value.args[0]);
}

function constantValue(expression: Expr | undefined, { evaluate }: ConstantRules): unknown {
  const parsed = parse('true');
  if (expression !== undefined) parsed.expr = expression;
  const value = evaluate(parsed);
  if (isCelError(value)) throw value;
  return value;
}

function partsOf(expression: Expr | undefined): (Expr | undefined)[] {
  const kind = expression?.exprKind;
  switch (kind?.case) {
    case 'selectExpr':
      return [kind.value.operand];
    case 'callExpr':
      return [kind.value.target, ...kind.value.args];
    case 'listExpr':
      return kind.value.elements;
    case 'structExpr':
      return kind.value.entries.flatMap(({ keyKind, value }) =>
        keyKind.case === 'mapKey' ? [keyKind.value, value] : [value],
      );
    case 'comprehensionExpr': {
      const { iterRange, accuInit, loopCondition, loopStep, result } = kind.value;
      return [iterRange, accuInit, loopCondition, loopStep, result];
    }
    default:
      return [];
  }
}
