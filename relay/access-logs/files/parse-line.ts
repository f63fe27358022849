// One line of a file to its fields. The form is found line by line, since a file may hold what several proxies wrote. Pure.

import { parseEnvoyLine } from './envoy-line.ts';
import { parseHaproxyLine } from './haproxy-line.ts';
import { type JsonFormat, parseJsonLine } from './json-line.ts';
import type { LineFields } from './line-fields.ts';

/** Forms that a file can be said to have; "auto" takes any of them. */
export const fileFormats = ['auto', 'envoy', 'istio', 'nginx', 'haproxy'] as const;
export type FileFormat = (typeof fileFormats)[number];

export interface ParsedLine {
  readonly fields: LineFields;
  readonly format: JsonFormat | 'envoy' | 'istio' | 'haproxy';
  readonly proxy: 'envoy' | 'nginx' | 'haproxy';
}

/** Undefined for a line in no known form, or in that of another proxy than `expected`. Never throws. */
export function parseLine(line: string, expected: FileFormat = 'auto'): ParsedLine | undefined {
  const read = readLine(line);
  if (read === undefined) return undefined;
  const proxy = read.format.startsWith('nginx') ? 'nginx' : read.format.startsWith('haproxy') ? 'haproxy' : 'envoy';
  const isExpected = expected === 'auto' || expected === proxy || (expected === 'istio' && proxy === 'envoy');
  return isExpected ? { ...read, proxy } : undefined;
}

function readLine(line: string): Omit<ParsedLine, 'proxy'> | undefined {
  if (line.startsWith('{')) return parseJsonLine(line);
  if (line.startsWith('[')) return parseEnvoyLine(line);
  const fields = parseHaproxyLine(line);
  return fields === undefined ? undefined : { fields, format: 'haproxy' };
}
