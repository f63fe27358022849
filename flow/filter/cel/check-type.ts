// The type of a parsed CEL expression over `_flow`, or a TypeError: @bufbuild/cel runs expressions but does not check
// them, and a filter must be refused when it is built, not be false for every flow.

import type { parse } from '@bufbuild/cel';
import { type CelType, joinTypes, listOf, mapOf, showType, simple, typeOfField, typeOfMessage } from './cel-type.ts';
import { flowRegistry, flowSchema } from './flow-schema.ts';
import { globalFunctions, methods, type Signature } from './standard-functions.ts';

type Expr = ReturnType<typeof parse>['expr'];
type Kind<Case extends Expr['exprKind']['case']> = Extract<Expr['exprKind'], { case: Case; value: unknown }>['value'];

/** Variables in scope, innermost wins. */
type Scope = ReadonlyMap<string, CelType>;

/** Package in which names are looked up first. */
const container = 'flow';
const dyn = simple('dyn');
const typeNames = ['bool', 'int', 'uint', 'double', 'string', 'bytes', 'list', 'map', 'null_type', 'type', 'dyn'];

/** Throws TypeError naming what does not fit. */
export function checkType(expression: Expr): CelType {
  return typeOf(expression, new Map([['_flow', typeOfMessage(flowSchema)]]));
}

function typeOf(expression: Expr, scope: Scope): CelType {
  const { exprKind } = expression;
  switch (exprKind.case) {
    case 'constExpr':
      return typeOfConstant(exprKind.value);
    case 'identExpr':
      return typeOfName(exprKind.value.name, scope);
    case 'selectExpr':
      return typeOfSelect(exprKind.value, scope);
    case 'callExpr':
      return typeOfCall(exprKind.value, scope);
    case 'listExpr':
      return listOf(joinAll(exprKind.value.elements.map((element) => typeOf(element, scope))));
    case 'structExpr':
      return typeOfStruct(exprKind.value, scope);
    case 'comprehensionExpr':
      return typeOfComprehension(exprKind.value, scope);
    case undefined:
      throw new TypeError('an empty expression has no type');
  }
}

function typeOfConstant({ constantKind }: Kind<'constExpr'>): CelType {
  switch (constantKind.case) {
    case 'boolValue':
      return simple('bool');
    case 'bytesValue':
      return simple('bytes');
    case 'doubleValue':
      return simple('double');
    case 'int64Value':
      return simple('int');
    case 'uint64Value':
      return simple('uint');
    case 'stringValue':
      return simple('string');
    case 'nullValue':
      return simple('null');
    default:
      throw new TypeError('unknown kind of constant');
  }
}

function typeOfName(name: string, scope: Scope): CelType {
  const type = scope.get(name) ?? typeOfDeclaration(name);
  if (type === undefined) throw new TypeError(`undeclared name ${name}`);
  return type;
}

/** A name of the language or of the schema: an enum value is an int, a type name a type. */
function typeOfDeclaration(name: string): CelType | undefined {
  if (typeNames.includes(name)) return simple('type');
  const candidates = name.startsWith('.') ? [name.slice(1)] : [`${container}.${name}`, name];
  for (const candidate of candidates) {
    if (flowRegistry.getMessage(candidate) !== undefined) return simple('type');
    const dot = candidate.lastIndexOf('.');
    const values = flowRegistry.getEnum(candidate.slice(0, Math.max(0, dot)))?.values;
    if (values?.some((value) => value.name === candidate.slice(dot + 1))) return simple('int');
  }
  return undefined;
}

/** A chain of names ("DropReason.POLICY_DENIED") whose first one is no variable may be one declared name. */
function qualifiedName({ operand, field }: Kind<'selectExpr'>, scope: Scope): string | undefined {
  const kind = operand?.exprKind;
  if (kind?.case === 'identExpr') return scope.has(kind.value.name) ? undefined : `${kind.value.name}.${field}`;
  if (kind?.case !== 'selectExpr' || kind.value.testOnly) return undefined;
  const prefix = qualifiedName(kind.value, scope);
  return prefix === undefined ? undefined : `${prefix}.${field}`;
}

function typeOfSelect(select: Kind<'selectExpr'>, scope: Scope): CelType {
  const name = select.testOnly ? undefined : qualifiedName(select, scope);
  const declared = name === undefined ? undefined : typeOfDeclaration(name);
  if (declared !== undefined) return declared;
  const type = typeOfMember(typeOf(required(select.operand), scope), select.field);
  return select.testOnly ? simple('bool') : type;
}

function typeOfMember(operand: CelType, name: string): CelType {
  if (operand.kind === 'dyn' || operand.kind === 'open') return dyn;
  if (operand.kind === 'map') return operand.value;
  if (operand.kind !== 'message') throw new TypeError(`${showType(operand)} has no fields, so no ${name}`);
  const field = operand.message.fields.find((each) => each.name === name);
  if (field === undefined) throw new TypeError(`${operand.message.typeName} has no field ${name}`);
  return typeOfField(field);
}

function typeOfCall(call: Kind<'callExpr'>, scope: Scope): CelType {
  const args = call.args.map((argument) => typeOf(argument, scope));
  if (call.target !== undefined) return typeOfOverload(methods, call.function, [typeOf(call.target, scope), ...args]);
  const [first = dyn, second = dyn, third = dyn] = args;
  switch (call.function) {
    case '_==_':
    case '_!=_':
      requireJoin(first, second, call.function);
      return simple('bool');
    case '_?_:_':
      requireJoin(first, simple('bool'), 'the condition before ?');
      return requireJoin(second, third, '_?_:_');
    case '_[_]':
      return typeOfIndex(first, second);
    case '@in':
      requireJoin(first, elementType(second, 'in'), 'in');
      return simple('bool');
    case 'dyn':
      return dyn;
    case 'type':
      return simple('type');
    case '_+_':
      if (first.kind === 'list' && second.kind === 'list') return requireJoin(first, second, '+');
  }
  return typeOfOverload(globalFunctions, call.function, args);
}

function typeOfOverload(functions: ReadonlyMap<string, readonly Signature[]>, name: string, args: CelType[]): CelType {
  const [receiver] = args;
  if (name === 'size' && args.length === 1 && (receiver?.kind === 'list' || receiver?.kind === 'map'))
    return simple('int');
  const fitting = (functions.get(name) ?? []).filter(
    ({ parameters }) =>
      parameters.length === args.length &&
      parameters.every((kind, index) => joinTypes(simple(kind), args[index] ?? dyn) !== undefined),
  );
  const [result] = fitting;
  if (result === undefined) throw new TypeError(`no ${name} for (${args.map(showType).join(', ')})`);
  return fitting.every((each) => each.result === result.result) ? simple(result.result) : dyn;
}

function typeOfIndex(operand: CelType, index: CelType): CelType {
  if (operand.kind === 'list') {
    requireJoin(index, simple('int'), 'a list index');
    return operand.element;
  }
  if (operand.kind === 'map') {
    requireJoin(index, operand.key, 'a map key');
    return operand.value;
  }
  if (operand.kind === 'dyn') return dyn;
  throw new TypeError(`${showType(operand)} can't be indexed`);
}

function typeOfStruct({ messageName, entries }: Kind<'structExpr'>, scope: Scope): CelType {
  if (messageName === '') {
    const keys = entries.map(({ keyKind }) =>
      keyKind.case === 'mapKey' ? typeOf(keyKind.value, scope) : simple('string'),
    );
    const values = entries.map(({ value }) => typeOf(required(value), scope));
    return mapOf(joinAll(keys), joinAll(values));
  }
  const message = flowRegistry.getMessage(`${container}.${messageName}`) ?? flowRegistry.getMessage(messageName);
  if (message === undefined) throw new TypeError(`undeclared message ${messageName}`);
  const type = typeOfMessage(message);
  for (const { keyKind, value } of entries) {
    if (keyKind.case !== 'fieldKey') continue;
    const field = typeOfMember({ kind: 'message', message }, keyKind.value);
    requireJoin(field, typeOf(required(value), scope), `field ${keyKind.value}`);
  }
  return type;
}

function typeOfComprehension(loop: Kind<'comprehensionExpr'>, scope: Scope): CelType {
  const range = typeOf(required(loop.iterRange), scope);
  const inner = new Map(scope).set(loop.iterVar, elementType(range, 'a comprehension'));
  const initial = typeOf(required(loop.accuInit), scope);
  const step = typeOf(required(loop.loopStep), new Map(inner).set(loop.accuVar, initial));
  const accumulated = requireJoin(initial, step, 'a comprehension');
  const withResult = new Map(inner).set(loop.accuVar, accumulated);
  requireJoin(typeOf(required(loop.loopCondition), withResult), simple('bool'), 'a comprehension condition');
  return typeOf(required(loop.result), new Map(scope).set(loop.accuVar, accumulated));
}

/** What a comprehension or `in` goes through: a list's elements, a map's keys. */
function elementType(range: CelType, by: string): CelType {
  if (range.kind === 'list') return range.element;
  if (range.kind === 'map') return range.key;
  if (range.kind === 'dyn') return dyn;
  throw new TypeError(`${showType(range)} can't be gone through by ${by}`);
}

function joinAll(types: readonly CelType[]): CelType {
  return types.reduce((joined, type) => joinTypes(joined, type) ?? dyn, simple('open'));
}

function requireJoin(a: CelType, b: CelType, where: string): CelType {
  const joined = joinTypes(a, b);
  if (joined === undefined) throw new TypeError(`${where}: ${showType(a)} and ${showType(b)} don't fit`);
  return joined;
}

function required(expression: Expr | undefined): Expr {
  if (expression === undefined) throw new TypeError('an operand is missing');
  return expression;
}
