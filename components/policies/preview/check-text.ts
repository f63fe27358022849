// Checks the text of an editor with the parser that judges flows: what is wrong, and where in the text it stands. Pure.

import { isNode, LineCounter, parseAllDocuments } from 'yaml';
import { PolicySet, policyKinds } from '#policy/policy-set.ts';
import { emptyWorld } from '#policy/world.ts';

/** As the relay bounds it. */
export const MAX_TEXT_LENGTH = 1024 * 1024;

export interface TextFault {
  readonly severity: 'error' | 'warning';
  /** Offsets in the text. */
  readonly from: number;
  readonly to: number;
  /** "document 2, spec.ingress[0].ports: must be a list" */
  readonly message: string;
}

export function checkText(text: string): TextFault[] {
  if (text.length > MAX_TEXT_LENGTH)
    return [fault(text, 0, 1, `The text has ${text.length} characters; the limit is ${MAX_TEXT_LENGTH}.`)];
  const documents = parseAllDocuments(text, { lineCounter: new LineCounter(), logLevel: 'silent' });
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document, index) => {
    const place = documents.length > 1 ? `document ${index + 1}, ` : '';
    const [first] = document.errors;
    if (first !== undefined)
      return [fault(text, first.pos[0], first.pos[1], `${place}${first.message.split('\n', 1)[0] ?? ''}`)];
    const value: unknown = readValue(() => document.toJS({ maxAliasCount: 100 }));
    if (value === null || value === undefined) return [];
    const whole = document.range;
    const kind = String((value as { kind?: unknown }).kind ?? '');
    if (!policyKinds.has(kind)) {
      const message = `${place}kind: "${kind}" is none of ${[...policyKinds].join(', ')}`;
      return [{ ...rangeOf(text, document, 'kind', whole), severity: 'error' as const, message }];
    }
    return new PolicySet([value], emptyWorld).problems.map(({ severity, field, message }) => ({
      ...rangeOf(text, document, field, whole),
      severity,
      message: `${place}${field}: ${message}`,
    }));
  });
}

function readValue(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    // Aliases that multiply: the relay says so in words when asked.
    return undefined;
  }
}

type YamlDocument = ReturnType<typeof parseAllDocuments>[number];

/** Of the field, or of the nearest one around it that is written. */
function rangeOf(
  text: string,
  document: YamlDocument,
  field: string,
  whole: readonly number[] | null | undefined,
): { from: number; to: number } {
  const path = field
    .split(/[.[\]]+/)
    .filter((part) => part !== '')
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  for (let length = path.length; length > 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return span(text, node.range[0], node.range[1]);
  }
  return span(text, whole?.[0] ?? 0, (whole?.[0] ?? 0) + 1);
}

function fault(text: string, from: number, to: number, message: string): TextFault {
  return { ...span(text, from, to), severity: 'error', message };
}

/** One line at most: a mark over half the text marks nothing. */
function span(text: string, from: number, to: number): { from: number; to: number } {
  const start = Math.min(from, text.length);
  const lineEnd = text.indexOf('\n', start);
  const end = Math.min(to, lineEnd < 0 ? text.length : lineEnd);
  return { from: start, to: Math.max(start, end) };
}
