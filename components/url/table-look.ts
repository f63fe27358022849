// How the flow table looks, and how the URL spells it: "cols=time,source", "widths=source:240", "sort=-latency".

export const COLUMNS = [
  'time',
  'source',
  'destination',
  'request',
  'verdict',
  'latency',
  'size',
  'node',
  'pod',
] as const;
export type Column = (typeof COLUMNS)[number];
export const DEFAULT_COLUMNS: Column[] = ['time', 'source', 'destination', 'request', 'verdict', 'latency', 'size'];

/** Columns whose width the reader set, in pixels. */
export type Widths = ReadonlyMap<Column, number>;

export const LEAST_WIDTH_PX = 48;
export const MOST_WIDTH_PX = 1_200;

export interface Sort {
  readonly column: Column;
  readonly descending: boolean;
}

/** Whatever cannot be read is left out; a width beyond its bounds is moved to the nearest. */
export function parseWidths(text: string): Widths | null {
  const widths = new Map<Column, number>();
  for (const part of text.split(',')) {
    const [name = '', digits = ''] = part.split(':');
    if (isColumn(name) && /^\d{1,5}$/.test(digits)) widths.set(name, widthWithin(Number(digits)));
  }
  return widths.size === 0 ? null : widths;
}

export function widthsText(widths: Widths): string {
  return [...widths].map(([column, px]) => `${column}:${px}`).join(',');
}

export function widthWithin(px: number): number {
  return Math.min(MOST_WIDTH_PX, Math.max(LEAST_WIDTH_PX, Math.round(px)));
}

export function parseSort(text: string): Sort | null {
  const descending = text.startsWith('-');
  const column = descending ? text.slice(1) : text;
  return isColumn(column) ? { column, descending } : null;
}

export function sortText({ column, descending }: Sort): string {
  return `${descending ? '-' : ''}${column}`;
}

function isColumn(text: string): text is Column {
  return COLUMNS.some((column) => column === text);
}
