// Kubernetes label selectors: "app=web, tier in (a, b), !debug, version>2". Tokens and errors follow apimachinery's
// parser, because a selector that one peer accepts and another refuses makes the same filter two filters.

export type LabelRequirement =
  | { readonly key: string; readonly operator: 'exists' | 'absent' }
  | { readonly key: string; readonly operator: 'in' | 'not in'; readonly values: ReadonlySet<string> }
  | { readonly key: string; readonly operator: 'greater' | 'less'; readonly bound: bigint };

/** All must hold; none: everything matches. Throws SyntaxError saying what was found and what was expected. */
export function parseLabelSelector(selector: string): LabelRequirement[] {
  const tokens = tokenize(selector);
  const requirements: LabelRequirement[] = [];
  if (tokens.peek() === undefined) return requirements;
  for (;;) {
    requirements.push(parseRequirement(tokens));
    const next = tokens.take();
    if (next === undefined) return requirements;
    if (next !== ',') throw unexpected(next, '"," or the end');
  }
}

interface Tokens {
  peek(): string | undefined;
  take(): string | undefined;
}

const specialToken = /^(?:==?|!=?|[(),<>])/;

/** A token is a special symbol or a word up to the next blank or special symbol. */
function tokenize(text: string): Tokens {
  const tokens: string[] = [];
  let rest = text;
  for (;;) {
    rest = rest.replace(/^[ \t\r\n]+/, '');
    const token = (specialToken.exec(rest) ?? /^[^ \t\r\n=!(),<>]+/.exec(rest))?.[0];
    if (token === undefined) break;
    tokens.push(token);
    rest = rest.slice(token.length);
  }
  let position = 0;
  return { peek: () => tokens[position], take: () => tokens[position++] };
}

function parseRequirement(tokens: Tokens): LabelRequirement {
  const negated = tokens.peek() === '!';
  if (negated) tokens.take();
  const key = tokens.take();
  if (!isWord(key)) throw unexpected(key, 'a label key');
  requireLabelKey(key);
  if (negated) return { key, operator: 'absent' };
  if (endsRequirement(tokens.peek())) return { key, operator: 'exists' };
  const operator = tokens.take();
  switch (operator) {
    case '=':
    case '==':
      return { key, operator: 'in', values: new Set([parseValue(tokens)]) };
    case '!=':
      return { key, operator: 'not in', values: new Set([parseValue(tokens)]) };
    case 'in':
      return { key, operator: 'in', values: parseValues(tokens) };
    case 'notin':
      return { key, operator: 'not in', values: parseValues(tokens) };
    case '>':
      return { key, operator: 'greater', bound: parseBound(tokens) };
    case '<':
      return { key, operator: 'less', bound: parseBound(tokens) };
    default:
      throw unexpected(operator, 'one of = == != in notin > <');
  }
}

/** A missing value is the empty one. */
function parseValue(tokens: Tokens): string {
  if (endsRequirement(tokens.peek())) return '';
  const value = tokens.take();
  if (!isWord(value)) throw unexpected(value, 'a label value');
  requireLabelValue(value);
  return value;
}

/** "(a, b)"; an empty place between commas or brackets is the empty value. */
function parseValues(tokens: Tokens): Set<string> {
  const open = tokens.take();
  if (open !== '(') throw unexpected(open, '"("');
  const values = new Set<string>();
  for (;;) {
    const value = isWord(tokens.peek()) ? (tokens.take() ?? '') : '';
    requireLabelValue(value);
    values.add(value);
    const next = tokens.take();
    if (next === ')') return values;
    if (next !== ',') throw unexpected(next, '"," or ")"');
  }
}

function parseBound(tokens: Tokens): bigint {
  const value = parseValue(tokens);
  const bound = parseInteger(value);
  if (bound === undefined) throw new SyntaxError(`${JSON.stringify(value)} is no 64-bit integer`);
  return bound;
}

/** A signed decimal 64-bit integer. */
export function parseInteger(text: string): bigint | undefined {
  if (!/^[-+]?[0-9]+$/.test(text)) return undefined;
  const value = BigInt(text.replace('+', ''));
  return value === BigInt.asIntN(64, value) ? value : undefined;
}

function isWord(token: string | undefined): token is string {
  return token !== undefined && !specialToken.test(token);
}

function endsRequirement(token: string | undefined): boolean {
  return token === undefined || token === ',';
}

function requireLabelKey(key: string): void {
  const parts = key.split('/');
  const name = parts.at(-1) ?? '';
  const prefix = parts.length === 2 ? parts[0] : undefined;
  const prefixFits =
    prefix === undefined ||
    (prefix.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(prefix));
  if (parts.length > 2 || !prefixFits || name.length > 63 || !/^[A-Za-z0-9]([-\w.]*[A-Za-z0-9])?$/.test(name))
    throw new SyntaxError(`${JSON.stringify(key)} is no label key`);
}

function requireLabelValue(value: string): void {
  if (value.length > 63 || !/^([A-Za-z0-9]([-\w.]*[A-Za-z0-9])?)?$/.test(value))
    throw new SyntaxError(`${JSON.stringify(value)} is no label value`);
}

function unexpected(found: string | undefined, expected: string): SyntaxError {
  return new SyntaxError(
    `found ${found === undefined ? 'the end' : JSON.stringify(found)} where ${expected} was expected`,
  );
}
