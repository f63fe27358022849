// One block of "KEY: value" lines a flow, keys aligned at their colons.

import type { Flow, LostEvent } from '#proto/gen/flow/flow.ts';
import { cellsOfFlow } from './flow-cells.ts';
import { lostEventsCell, lostSourceText } from './lost-events.ts';
import type { LineStyle } from './style.ts';

/** Between two blocks. */
export const dictSeparator = '------------';

const keyWidth = 'DESTINATION'.length;

/** Without the newline after the last line. */
export function formatDict(flow: Flow, style: LineStyle = {}): string {
  const cells = cellsOfFlow(flow, style);
  return block([
    ['TIMESTAMP', cells.time],
    ...nodeEntry(style, cells.node),
    ['SOURCE', cells.source],
    ['DESTINATION', cells.destination],
    ['TYPE', cells.type],
    ['VERDICT', cells.verdict],
    ['SUMMARY', cells.summary],
  ]);
}

export function formatLostEventsDict(lost: LostEvent, style: LineStyle = {}): string {
  return block([
    ['TIMESTAMP', ''],
    ...nodeEntry(style, ''),
    ['SOURCE', lostSourceText(lost)],
    ['TYPE', 'EVENTS LOST'],
    ['VERDICT', ''],
    ['SUMMARY', lostEventsCell(lost)],
  ]);
}

export function block(entries: readonly (readonly [key: string, value: string])[]): string {
  return entries.map(([key, value]) => `${key.padStart(keyWidth)}: ${value}`).join('\n');
}

function nodeEntry(style: LineStyle, node: string): [string, string][] {
  return style.nodeName === true ? [['NODE', node]] : [];
}
