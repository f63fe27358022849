// L7 rules of toPorts: HTTP by anchored RE2 expressions, DNS by names and patterns.

import { RE2JS } from 're2js';
import { compileDnsPattern } from './dns-pattern.ts';
import type { Field } from './field.ts';
import type { HttpRule, L7Rules, RegExpLike } from './rule.ts';

/** Longest expression taken; RE2 is linear in the text, but its program grows with the expression. */
const maxExpressionLength = 4096;

/** @returns undefined if no item has L7 rules, or if one has none: that one admits every request on its ports. */
export function readL7Rules(toPorts: Field): L7Rules | undefined {
  const items = toPorts.list() ?? [];
  const rules = items.map((item) => item.get('rules')).filter((field) => field.isSet);
  if (rules.length === 0 || rules.length < items.length) return undefined;
  const http = rules.flatMap((field) => (field.get('http').list() ?? []).map(readHttp));
  const dns = rules.flatMap((field) => (field.get('dns').list() ?? []).map(readDns));
  for (const field of rules) {
    field.warnOfOthers(['http', 'dns', 'kafka', 'l7proto', 'l7']);
    for (const name of ['kafka', 'l7']) if (field.get(name).isSet) field.get(name).warn('is not evaluated here');
  }
  if (http.length === 0 && dns.length === 0) return undefined;
  return {
    http: http.map(({ rule }) => rule),
    dns: dns.map(({ test }) => test),
    text: [...http, ...dns].map(({ text }) => text).join(' or '),
  };
}

function readHttp(field: Field): { rule: HttpRule; text: string } {
  field.warnOfOthers(['path', 'method', 'host', 'headers', 'headerMatches']);
  const path = readExpression(field.get('path'));
  const method = readExpression(field.get('method'));
  const host = readExpression(field.get('host'));
  const headers = [
    ...(field.get('headers').texts() ?? []).map(splitHeader),
    ...(field.get('headerMatches').list() ?? []).map((each) => ({
      name: each.get('name').text() ?? '',
      ...optionalValue(each.get('value').text()),
    })),
  ];
  const text = [field.get('method').text(), field.get('host').text(), field.get('path').text()]
    .filter((part) => part !== undefined)
    .join(' ');
  const rule: HttpRule = {
    ...(path === undefined ? {} : { path }),
    ...(method === undefined ? {} : { method }),
    ...(host === undefined ? {} : { host }),
    headers,
  };
  return { rule, text: `HTTP ${text === '' ? 'any request' : text}` };
}

function splitHeader(text: string): { name: string; value?: string } {
  const at = text.search(/[ :]/);
  if (at < 0) return { name: text };
  return { name: text.slice(0, at), ...optionalValue(text.slice(at).replace(/^:?\s*/, '')) };
}

function optionalValue(value: string | undefined): { value?: string } {
  return value === undefined || value === '' ? {} : { value };
}

function readExpression(field: Field): RegExpLike | undefined {
  const text = field.text();
  if (text === undefined || text === '') return undefined;
  if (text.length > maxExpressionLength)
    throw field.error(`is ${text.length} characters long; the limit is ${maxExpressionLength}`);
  try {
    const compiled = RE2JS.compile(`^(?:${text})$`);
    return { matches: (value) => compiled.matcher(value).find() };
  } catch (cause) {
    throw field.error(`is no regular expression (RE2): ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function readDns(field: Field): { test: (query: string) => boolean; text: string } {
  field.warnOfOthers(['matchName', 'matchPattern']);
  const name = field.get('matchName').text();
  const pattern = field.get('matchPattern').text();
  const test = compileDnsPattern(name ?? pattern ?? '', name !== undefined);
  if (test === undefined) throw field.error('needs a matchName or matchPattern that is a DNS name');
  return { test, text: `DNS ${name ?? pattern}` };
}

export interface L7Request {
  readonly http?: {
    readonly method: string;
    readonly path: string;
    readonly host: string;
    readonly headers: ReadonlyMap<string, string>;
  };
  readonly dnsQuery?: string;
}

/** Whether the request is admitted; "unknown" where the request was not seen. */
export function admitsRequest(rules: L7Rules, request: L7Request | undefined): 'yes' | 'no' | 'unknown' {
  if (request?.http !== undefined && rules.http.length > 0)
    return rules.http.some((rule) => admitsHttp(rule, request.http)) ? 'yes' : 'no';
  if (request?.dnsQuery !== undefined && rules.dns.length > 0)
    return rules.dns.some((test) => test(request.dnsQuery ?? '')) ? 'yes' : 'no';
  return 'unknown';
}

function admitsHttp(rule: HttpRule, request: L7Request['http']): boolean {
  if (request === undefined) return false;
  const fits = (expression: RegExpLike | undefined, value: string): boolean =>
    expression === undefined || expression.matches(value);
  return (
    fits(rule.method, request.method) &&
    fits(rule.path, request.path) &&
    fits(rule.host, request.host) &&
    rule.headers.every(({ name, value }) => {
      const found = request.headers.get(name.toLowerCase());
      return found !== undefined && (value === undefined || found === value);
    })
  );
}
