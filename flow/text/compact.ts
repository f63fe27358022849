// One line a flow: "time: source (identity) -> destination (identity) type VERDICT (summary)".

import type { Flow } from '#proto/gen/flow/flow.ts';
import { directionArrow } from '../names/direction.ts';
import { cellsOfFlow } from './flow-cells.ts';
import type { LineStyle } from './style.ts';

/** The initiator stands on the left: a reply is turned round and its arrow points back. Without the newline. */
export function formatCompact(flow: Flow, style: LineStyle = {}): string {
  const cells = cellsOfFlow(flow, style);
  const arrow = directionArrow(flow);
  const ends = [`${cells.source} ${cells.sourceIdentity}`, `${cells.destination} ${cells.destinationIdentity}`];
  const [left, right] = arrow === '<-' ? ends.toReversed() : ends;
  const node = style.nodeName === true ? ` [${cells.node}]` : '';
  return `${cells.time}${node}: ${left} ${arrow} ${right} ${cells.type} ${cells.verdict} (${cells.summary})`;
}
