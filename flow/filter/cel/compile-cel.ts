// CEL expressions of a filter: variable `_flow` of type flow.Flow, names resolved in package flow, result bool.
// Parsing and running are @bufbuild/cel's; the type check is check-type.ts.

import { type CelResult, CelScalar, celEnv, celFunc, isCelError, objectType, parse, plan } from '@bufbuild/cel';
import { fromBinary } from '@bufbuild/protobuf';
import { RE2JS } from 're2js';
import { Flow } from '#proto/gen/flow/flow.ts';
import type { CelCompiler } from '../cel-compiler.ts';
import { badValue } from '../filter-error.ts';
import { estimateProgramSize } from '../pattern-size.ts';
import { maximumPatternLength, maximumProgramSize } from '../re2.ts';
import { budgetFunctions, isBudgetSpent, meterLoops, refillBudget } from './budget.ts';
import { showType } from './cel-type.ts';
import { checkConstants } from './check-constants.ts';
import { checkType } from './check-type.ts';
import { flowRegistry, flowSchema } from './flow-schema.ts';

/** As Hubble's limit on the text of an expression. */
export const maximumExpressionLength = 4096;

/** matches(text, pattern); the library has the method alone. */
const matchesFunction = celFunc('matches', [CelScalar.STRING, CelScalar.STRING], CelScalar.BOOL, (text, pattern) =>
  compileRegularExpression(pattern).matcher(text).find(),
);

const settings = {
  namespace: 'flow',
  registry: flowRegistry,
  funcs: [...budgetFunctions, matchesFunction],
  re2: { compile: compileRegularExpression },
};
const environment = celEnv({ ...settings, variables: { _flow: objectType(flowSchema) } });
/** Without variables: for parts of an expression that are constant. */
const constants = celEnv(settings);

type Program = (bindings: { _flow: ReturnType<typeof toCelFlow> }) => CelResult;

export const compileCel: CelCompiler = (expressions) => {
  const programs = expressions.map(compileExpression);
  return (flow) => {
    const bindings = { _flow: toCelFlow(flow) };
    for (const program of programs) {
      refillBudget();
      const result = program(bindings);
      if (isCelError(result) || isBudgetSpent()) return false;
      if (result === true) return true;
    }
    return false;
  };
};

function compileExpression(expression: string): Program {
  const refuse = (rule: string, cause?: unknown) =>
    badValue(
      'experimental',
      expression,
      rule,
      'write an expression of type bool, as _flow.verdict == Verdict.DROPPED',
      cause,
    );
  if (expression.length > maximumExpressionLength) throw refuse(`is longer than ${maximumExpressionLength} characters`);
  try {
    // A comment at the very end wants an end of line.
    const parsed = parse(`${expression}\n`);
    const type = checkType(parsed.expr);
    if (type.kind !== 'bool') throw new TypeError(`its type is ${showType(type)}, not bool`);
    checkConstants(parsed.expr, {
      evaluate: (constant) => plan(constants, constant)(),
      compilePattern: compileRegularExpression,
    });
    meterLoops(parsed.expr);
    return plan(environment, parsed);
  } catch (cause) {
    throw refuse(`is no CEL filter (${cause instanceof Error ? cause.message : String(cause)})`, cause);
  }
}

/** One encoding and decoding per flow: the two protobuf runtimes share nothing but bytes. */
function toCelFlow(flow: Flow) {
  return fromBinary(flowSchema, Flow.encode(flow).finish());
}

function compileRegularExpression(pattern: string) {
  if (pattern.length > maximumPatternLength)
    throw new RangeError(`regular expression is longer than ${maximumPatternLength} characters`);
  if (estimateProgramSize(pattern) > maximumProgramSize)
    throw new RangeError(`regular expression makes more than ${maximumProgramSize} instructions`);
  return RE2JS.compile(pattern);
}
