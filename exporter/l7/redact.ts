// What of a payload may leave the node. Names, verbs, paths and codes may; values that people type may not: query values,
// user info, credentials, SQL literals, redis arguments. On unless switched off.

export const REDACTED = 'REDACTED';
const MAX_URL_CHARS = 1024;
const MAX_HEADER_CHARS = 256;
const MAX_SQL_CHARS = 256;

export interface RedactionRules {
  /** Replace the values of URL queries. */
  readonly urlQuery: boolean;
  /** Lower-case names of the HTTP headers that are kept; every other header is left out. */
  readonly headers: Iterable<string>;
  /** Replace SQL literals by "?". */
  readonly sqlLiterals: boolean;
  /** Keep the first argument (the key) of redis commands that have one. */
  readonly redisKeys: boolean;
}

export const DEFAULT_REDACTION: RedactionRules = {
  urlQuery: true,
  headers: ['content-length', 'content-type', 'server', 'traceparent', 'user-agent', 'x-request-id'],
  sqlLiterals: true,
  redisKeys: false,
};

/** Never shown, whatever the rules say. */
const SECRET_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'proxy-authorization',
  'set-cookie',
  'x-api-key',
  'x-auth-token',
]);

/** Sorted by name; values cut at 256 characters. */
export function redactHeaders(
  fields: { get(name: string): string | undefined },
  rules: RedactionRules,
): { key: string; value: string }[] {
  const kept: { key: string; value: string }[] = [];
  let isSorted = true;
  for (const name of rules.headers) {
    const value = fields.get(name);
    if (value === undefined) continue;
    const last = kept[kept.length - 1];
    if (last !== undefined && last.key > name) isSorted = false;
    const shown = value.length > MAX_HEADER_CHARS ? value.slice(0, MAX_HEADER_CHARS) : value;
    kept.push({ key: name, value: SECRET_HEADERS.has(name) ? REDACTED : shown });
  }
  return isSorted ? kept : kept.sort((left, right) => (left.key < right.key ? -1 : 1));
}

/** Takes user info and fragment away and, by the rules, query values; a query without "=" is one value. */
export function redactUrl(url: string, rules: RedactionRules): string {
  const withoutUser = url.includes('@') ? url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, '$1') : url;
  const hash = withoutUser.indexOf('#');
  const whole = hash < 0 ? withoutUser : withoutUser.slice(0, hash);
  const question = whole.indexOf('?');
  const redacted = question < 0 || !rules.urlQuery ? whole : redactQuery(whole, question);
  return redacted.length > MAX_URL_CHARS ? redacted.slice(0, MAX_URL_CHARS) : redacted;
}

function redactQuery(url: string, question: number): string {
  const limit = Math.min(url.length, question + 1 + MAX_URL_CHARS);
  let redacted = url.slice(0, question + 1);
  for (let start = question + 1; ; ) {
    const ampersand = url.indexOf('&', start);
    const isLast = ampersand < 0 || ampersand >= limit;
    const end = isLast ? limit : ampersand;
    const equals = url.indexOf('=', start);
    if (end > start) redacted += equals < 0 || equals >= end ? REDACTED : url.slice(start, equals + 1) + REDACTED;
    if (isLast) return redacted;
    redacted += '&';
    start = end + 1;
  }
}

/**
 * SQL on one line without comments; literals (quoted, dollar-quoted, numbers) become "?". A literal that the capture cut
 * is redacted to the end.
 */
export function redactSql(sql: string, rules: RedactionRules): string {
  let text = '';
  let at = 0;
  while (at < sql.length && text.length < MAX_SQL_CHARS) {
    const rest = sql.slice(at, at + 4 * MAX_SQL_CHARS);
    const token = SQL_TOKEN.exec(rest);
    if (!token) break;
    const [word, space, quoted, dollar, number] = token;
    at += word.length;
    if (space !== undefined) text += text.endsWith(' ') ? '' : ' ';
    else if (quoted !== undefined) {
      const end = quotedEnd(sql, at, quoted);
      text += rules.sqlLiterals ? '?' : sql.slice(at - 1, end);
      at = end;
    } else if (dollar !== undefined) {
      const close = sql.indexOf(dollar, at);
      const end = close < 0 ? sql.length : close + dollar.length;
      text += rules.sqlLiterals ? '?' : sql.slice(at - dollar.length, end);
      at = end;
    } else if (number !== undefined && rules.sqlLiterals) text += '?';
    else text += word;
  }
  return text.trim().slice(0, MAX_SQL_CHARS);
}

/** Space or comment | opening quote (with its prefix) | dollar quote | number | identifier, parameter or one character. */
const SQL_TOKEN =
  /^(?:((?:\s|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))+)|([eEbBxXnN]?'|[uU]&')|(\$(?:[A-Za-z_]\w*)?\$)|(\d[\w.]*|\.\d\w*)|"[^"]*"?|\$\d+|[\p{L}_][\p{L}\p{N}_$]*|[\s\S])/u;

/** Offset behind the closing quote; `at` is behind the opening one. Doubled quotes and, in E strings, backslashes escape. */
function quotedEnd(sql: string, at: number, opening: string): number {
  const backslash = opening[0] === 'e' || opening[0] === 'E';
  for (let i = at; i < sql.length; i++) {
    if (backslash && sql[i] === '\\') i++;
    else if (sql[i] === "'") {
      if (sql[i + 1] !== "'") return i + 1;
      i++;
    }
  }
  return sql.length;
}

/** First word of a statement in capitals, past comments, brackets and WITH; "SQL" if it is no word. */
export function sqlVerb(sql: string): string {
  const start = sql.replace(/^(?:\s|\(|;|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)+/, '');
  const word = /^[A-Za-z]{2,20}\b/.exec(start)?.[0]?.toUpperCase() ?? 'SQL';
  if (word !== 'WITH') return word;
  const main = /\)\s*(SELECT|INSERT|UPDATE|DELETE|MERGE)\b/i.exec(start)?.[1];
  return main?.toUpperCase() ?? 'WITH';
}

/** Commands whose first argument is a key; others have secrets, scripts or patterns there. */
const KEYLESS_REDIS = new Set(
  'ACL AUTH CLIENT CONFIG ECHO EVAL EVALSHA EVAL_RO FCALL FUNCTION HELLO MIGRATE SCRIPT'.split(' '),
);
const CONTAINER_REDIS = new Set(
  'ACL CLIENT CLUSTER COMMAND CONFIG FUNCTION LATENCY MEMORY MODULE OBJECT PUBSUB SCRIPT SLOWLOG XGROUP XINFO'.split(
    ' ',
  ),
);
const MAX_REDIS_MARKS = 8;

/** Name ("CONFIG SET") and arguments ("? ?") of a redis command; `words` as sent. */
export function redactRedis(
  words: readonly string[],
  argumentCount: number,
  rules: RedactionRules,
): { name: string; detail: string } {
  const command = (words[0] ?? '').toUpperCase();
  const second = words[1] ?? '';
  const hasSubcommand = CONTAINER_REDIS.has(command) && /^[A-Za-z-]{2,20}$/.test(second);
  const name = hasSubcommand ? `${command} ${second.toUpperCase()}` : command;
  const marks: string[] = Array.from(
    { length: Math.min(MAX_REDIS_MARKS, argumentCount - (hasSubcommand ? 1 : 0)) },
    () => '?',
  );
  const showsKey = rules.redisKeys && !hasSubcommand && !KEYLESS_REDIS.has(command) && /^[!-~]+$/.test(second);
  if (showsKey && marks.length > 0) marks[0] = second;
  const more = argumentCount - (hasSubcommand ? 1 : 0) > MAX_REDIS_MARKS ? ['…'] : [];
  return { name, detail: [...marks, ...more].join(' ') };
}
