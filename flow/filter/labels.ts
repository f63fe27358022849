// source_label, destination_label, node_labels: label selectors over labels with a source ("k8s:app=web").

import type { FlowFilter } from '#proto/gen/flow/flow.ts';
import { badValue } from './filter-error.ts';
import { type LabelRequirement, parseInteger, parseLabelSelector } from './label-selector.ts';
import { isSpace } from './unicode.ts';

interface Label {
  readonly source: string;
  readonly key: string;
  readonly value: string;
}

const anySource = 'any';
const reservedSource = 'reserved';

/** True if any of the selectors selects the labels. A selector that is empty selects everything. */
export function compileLabels(field: keyof FlowFilter, selectors: readonly string[]) {
  const compiled = selectors.map((selector) => {
    try {
      return parseLabelSelector(withSourcePrefixes(selector));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw badValue(
        field,
        selector,
        `is no label selector (${reason})`,
        'write app=web, k8s:app in (a,b) or !app',
        cause,
      );
    }
  });
  return (labels: readonly string[]): boolean => {
    const parsed = labels.map(parseLabel);
    return compiled.some((requirements) => requirements.every((requirement) => satisfies(parsed, requirement)));
  };
}

/**
 * A label key can't hold a colon, so the source of each key is written as its first dotted part: k8s:app becomes
 * k8s.app, and app, which may come from anywhere, any.app.
 */
function withSourcePrefixes(selector: string): string {
  const characters = [...selector];
  let prefixed = '';
  let position = 0;
  const takeWhile = (accepts: (character: string) => boolean): string => {
    const start = position;
    while (position < characters.length && accepts(characters[position] ?? '')) position++;
    return characters.slice(start, position).join('');
  };
  while (position < characters.length) {
    prefixed += takeWhile((character) => isSpace(character) || character === '!');
    const key = takeWhile((character) => !isSpace(character) && !'=!,'.includes(character));
    prefixed += key.includes(':') ? key.replace(':', '.') : `${anySource}.${key}`;
    let depth = 0;
    prefixed += takeWhile((character) => {
      depth += Number(character === '(') - Number(character === ')');
      return character !== ',' || depth !== 0;
    });
    prefixed += characters[position++] ?? '';
  }
  return prefixed;
}

/** "source:key=value"; without source "unspec", and "reserved.x" is "reserved:x". */
function parseLabel(text: string): Label {
  const colon = text.indexOf(':');
  const [source, rest] = text.startsWith('$')
    ? [reservedSource, text.slice(1)]
    : colon >= 0
      ? [text.slice(0, colon), text.slice(colon + 1)]
      : text.startsWith(`${reservedSource}.`)
        ? [reservedSource, text.slice(reservedSource.length + 1)]
        : ['unspec', text];
  const equals = rest.indexOf('=');
  return equals < 0
    ? { source, key: rest, value: '' }
    : { source, key: rest.slice(0, equals), value: rest.slice(equals + 1) };
}

/** Of several labels with the wanted key the first one counts. */
function satisfies(labels: readonly Label[], requirement: LabelRequirement): boolean {
  const dot = requirement.key.indexOf('.');
  const source = requirement.key.slice(0, dot);
  const key = requirement.key.slice(dot + 1);
  const label = labels.find((each) => each.key === key && (source === anySource || source === each.source));
  switch (requirement.operator) {
    case 'exists':
      return label !== undefined;
    case 'absent':
      return label === undefined;
    case 'in':
      return label !== undefined && requirement.values.has(label.value);
    case 'not in':
      return label === undefined || !requirement.values.has(label.value);
    case 'greater':
    case 'less': {
      const value = parseInteger(label?.value ?? '');
      if (value === undefined) return false;
      return requirement.operator === 'greater' ? value > requirement.bound : value < requirement.bound;
    }
  }
}
