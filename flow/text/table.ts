// Columns TIMESTAMP, NODE, SOURCE, DESTINATION, TYPE, VERDICT, SUMMARY, for a stream: a column is as wide as the widest
// cell so far, so that lines appear at once and nothing is held back until the end.

import type { Flow, LostEvent } from '#proto/gen/flow/flow.ts';
import { cellsOfFlow } from './flow-cells.ts';
import { lostEventsCell, lostSourceText } from './lost-events.ts';
import type { LineStyle } from './style.ts';

const gap = '   ';

/** Widths before the first flow: common cells fit, so that columns seldom move. */
const columns = [
  { title: 'TIMESTAMP', width: 19 },
  { title: 'NODE', width: 10 },
  { title: 'SOURCE', width: 36 },
  { title: 'DESTINATION', width: 36 },
  { title: 'TYPE', width: 14 },
  { title: 'VERDICT', width: 9 },
  { title: 'SUMMARY', width: 0 },
] as const;

export class FlowTable {
  readonly #style: LineStyle;
  readonly #widths: number[] = columns.map(({ width }) => width);

  constructor(style: LineStyle = {}) {
    this.#style = { ...style, color: false };
  }

  /** Without the newline, as all lines. */
  header(): string {
    return this.#line(columns.map(({ title }) => title));
  }

  flow(flow: Flow): string {
    const cells = cellsOfFlow(flow, this.#style);
    const { time, node, source, destination, type, verdict, summary } = cells;
    return this.#line([time, node, source, destination, type, verdict, summary]);
  }

  lostEvents(lost: LostEvent): string {
    return this.#line(['', '', lostSourceText(lost), '', 'EVENTS LOST', '', lostEventsCell(lost)]);
  }

  #line(cells: readonly string[]): string {
    const texts = cells.map((cell, index) => {
      const width = Math.max(this.#widths[index] ?? 0, cell.length);
      this.#widths[index] = index === cells.length - 1 ? 0 : width;
      return cell.padEnd(index === cells.length - 1 ? 0 : width);
    });
    return texts
      .filter((_, index) => index !== 1 || this.#style.nodeName === true)
      .join(gap)
      .trimEnd();
  }
}
