// Links as wires: which card's right side and which card's left side each joins, whatever its direction. A wire that
// runs against the flow leaves on the left and enters on the right, so the two halves of a pair never lie on each other.

import type { Cell, LayoutLink } from '../layout/layout-graph.ts';
import { CARD_HEIGHT, ROW_PITCH } from './grid-metrics.ts';

export interface WireEnd {
  readonly vertexId: string;
  readonly cell: Cell;
  /** Filled in by `assignPorts`; the card's middle before that. */
  y: number;
}

export interface Wire {
  readonly id: string;
  /** Leaves from the right side of this card. */
  readonly left: WireEnd;
  /** Enters the left side of this card, or its right side when `isSameColumn`. */
  readonly right: WireEnd;
  /** The link points from `right` to `left`. */
  readonly isReversed: boolean;
  readonly isSameColumn: boolean;
  /** Horizontal stretches over the columns between the two cards, left to right. */
  runs: Run[];
}

/** One straight stretch over the columns `from` to `to`, free to move between `low` and `high`. */
export interface Run {
  readonly from: number;
  readonly to: number;
  readonly low: number;
  readonly high: number;
  /** Continues the port's own line, so that there is no bend on this side. */
  readonly followsLeft: boolean;
  readonly followsRight: boolean;
  y: number;
}

export function rowMiddle(row: number): number {
  return row * ROW_PITCH + CARD_HEIGHT / 2;
}

/** Wires in a fixed order: short ones first, so that long ones give way to them. */
export function wiresOf(links: readonly LayoutLink[], cells: ReadonlyMap<string, Cell>): Wire[] {
  const wires: Wire[] = [];
  for (const link of links) {
    const source = cells.get(link.sourceId);
    const destination = cells.get(link.destinationId);
    if (!source || !destination) continue;
    const isReversed = destination.column < source.column;
    const from = { vertexId: link.sourceId, cell: source, y: rowMiddle(source.row) };
    const to = { vertexId: link.destinationId, cell: destination, y: rowMiddle(destination.row) };
    wires.push({
      id: link.id,
      left: isReversed ? to : from,
      right: isReversed ? from : to,
      isReversed,
      isSameColumn: source.column === destination.column,
      runs: [],
    });
  }
  return wires.sort((one, other) => span(one) - span(other));
}

function span(wire: Wire): number {
  return wire.right.cell.column - wire.left.cell.column;
}
