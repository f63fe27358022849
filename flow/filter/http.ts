// http_status_code, http_method, http_path, http_url, http_header.

import type { Flow, FlowFilter, HTTP, HTTPHeader } from '#proto/gen/flow/flow.ts';
import { badValue, FilterError } from './filter-error.ts';
import { compilePatterns } from './re2.ts';
import { pathOfRequestUri } from './request-uri.ts';
import { foldedEquals } from './unicode.ts';

const accessLogEvent = 129;

/** An event type list that has no access log event contradicts an HTTP field: such a filter is refused. */
export function requireL7Events(filter: FlowFilter): void {
  const { eventType, httpStatusCode, httpMethod, httpPath, httpUrl, httpHeader } = filter;
  const asksForHttp = [httpStatusCode, httpMethod, httpPath, httpUrl, httpHeader].some((values) => values.length > 0);
  if (!asksForHttp || eventType.length === 0 || eventType.some(({ type }) => type === accessLogEvent)) return;
  const types = eventType.map(({ type }) => type).join(', ');
  throw new FilterError(
    `filter event_type: ${types} excludes HTTP, which the same filter asks for; add type ${accessLogEvent} (l7) or leave event_type out`,
  );
}

/** "404" exact, "40+" and "4+" by first digits. Requests have no status and never match. */
export function compileStatusCodes(values: readonly string[]) {
  const exact = new Set<string>();
  const prefixes: string[] = [];
  for (const value of values) {
    if (/^[1-5][0-9]{2}$/.test(value)) exact.add(value);
    else if (/^[1-5][0-9]?\+$/.test(value)) prefixes.push(value.slice(0, -1));
    else
      throw badValue('httpStatusCode', value, 'is no status code', 'write a code (404) or its first digits and + (4+)');
  }
  return onHttp((http) => {
    if (http.code === 0) return false;
    const code = String(http.code).padStart(3, '0');
    return exact.has(code) || prefixes.some((prefix) => code.startsWith(prefix));
  });
}

export function compileMethods(methods: readonly string[]) {
  const equals = methods.map(foldedEquals);
  return onHttp((http) => http.method !== '' && equals.some((matches) => matches(http.method)));
}

/** RE2 on the decoded path; a flow whose URL has no valid path never matches. */
export function compilePaths(patterns: readonly string[]) {
  const matches = compilePatterns('httpPath', patterns);
  return onHttp((http) => {
    const path = pathOfRequestUri(http.url);
    return path !== undefined && matches(path);
  });
}

export function compileUrls(patterns: readonly string[]) {
  const matches = compilePatterns('httpUrl', patterns);
  return onHttp((http) => http.url !== '' && matches(http.url));
}

/** Key and value exact; an empty one matches every value. */
export function compileHeaders(wanted: readonly HTTPHeader[]) {
  return onHttp((http) =>
    http.headers.some((header) =>
      wanted.some(({ key, value }) => (key === '' || key === header.key) && (value === '' || value === header.value)),
    ),
  );
}

function onHttp(test: (http: HTTP) => boolean) {
  return (flow: Flow): boolean => flow.l7?.record?.$case === 'http' && test(flow.l7.record.value);
}
