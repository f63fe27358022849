'use client';

// Everything a reader would want to send to a colleague lives in the URL: filter, window, selection, columns, time range.

import {
  createParser,
  parseAsArrayOf,
  parseAsInteger,
  parseAsString,
  parseAsStringLiteral,
  useQueryState,
  useQueryStates,
} from 'nuqs';
import { useCallback, useMemo } from 'react';
import { type Folds, MAP_METRICS, MAP_SCOPES } from '../map/map-view-types.ts';
import { DEFAULT_SCOPE, DEFAULT_WINDOW_SECONDS } from '../store/watch-key.ts';
import { parseSelection, type Selection, selectionText } from './selection.ts';
import {
  COLUMNS,
  DEFAULT_COLUMNS,
  parseSort,
  parseWidths,
  type Sort,
  sortText,
  type Widths,
  widthsText,
} from './table-look.ts';

export const WINDOW_SECONDS = [60, 300, 900] as const;
const selectionParser = createParser<Selection>({
  parse: parseSelection,
  serialize: selectionText,
  eq: (a, b) => selectionText(a) === selectionText(b),
});

export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

const rangeParser = createParser<TimeRange>({
  parse: (text) => {
    const [from = Number.NaN, to = Number.NaN] = text.split('-').map(Number);
    return from < to ? { fromMs: from * 1000, toMs: to * 1000 } : null;
  },
  serialize: ({ fromMs, toMs }) => `${Math.floor(fromMs / 1000)}-${Math.ceil(toMs / 1000)}`,
});

export const useFilterText = () => useQueryState('q', parseAsString.withDefault('').withOptions({ history: 'push' }));

export const useWindowSeconds = () => useQueryState('window', parseAsInteger.withDefault(DEFAULT_WINDOW_SECONDS));

export const useSelection = () => useQueryState('sel', selectionParser.withOptions({ history: 'push' }));

const columnsParser = parseAsArrayOf(parseAsStringLiteral(COLUMNS)).withDefault(DEFAULT_COLUMNS);

/** A link that names no column there is shows the usual ones. */
export function useColumns() {
  const [columns, setColumns] = useQueryState('cols', columnsParser);
  return [columns.length === 0 ? DEFAULT_COLUMNS : columns, setColumns] as const;
}

const sameText =
  <Value>(text: (value: Value) => string) =>
  (a: Value, b: Value): boolean =>
    text(a) === text(b);

const noWidths: Widths = new Map();
const widthsParser = createParser<Widths>({ parse: parseWidths, serialize: widthsText, eq: sameText(widthsText) });
const sortParser = createParser<Sort>({ parse: parseSort, serialize: sortText, eq: sameText(sortText) });

export const useWidths = () => useQueryState('widths', widthsParser.withDefault(noWidths));

export const useSort = () => useQueryState('sort', sortParser);

export const useTimeRange = () => useQueryState('t', rangeParser);

export const useMetric = () => useQueryState('metric', parseAsStringLiteral(MAP_METRICS).withDefault('requests'));

export const useScope = () =>
  useQueryState('scope', parseAsStringLiteral(MAP_SCOPES).withDefault(DEFAULT_SCOPE).withOptions({ history: 'push' }));

/** Words that a reader hides by; more is a filter's business. */
export const MAX_HIDDEN = 20;

const words = parseAsArrayOf(parseAsString).withDefault([]);

export const useHidden = () => useQueryState('hide', words);

export const useFind = () => useQueryState('find', parseAsString.withDefault(''));

/** As text: what reads it (map/marked-edges.ts) comes only with the map. */
export const useMarksText = () => useQueryState('marks', parseAsString);

/** What the reader opened and closed on the map. */
export function useFolds(): [Folds, (folds: Folds) => void] {
  const [{ open, closed }, set] = useQueryStates({ open: words, closed: words });
  const folds = useMemo(() => ({ open, closed }), [open, closed]);
  const change = useCallback(
    (next: Folds) => {
      const orNone = (ids: readonly string[]) => (ids.length === 0 ? null : [...ids]);
      void set({ open: orNone(next.open), closed: orNone(next.closed) });
    },
    [set],
  );
  return [folds, change];
}
