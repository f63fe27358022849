// Ports: where on a card's side each wire starts or ends. Wires that run straight across share the middle; those that
// climb sit above it and those that fall below, in the order of where they go, so they do not cross at the card.

import { compareText } from '../layout/layout-graph.ts';
import { rowMiddle, type Wire, type WireEnd } from './wires.ts';

const PORT_PITCH = 7;
/** Half of the side that ports may use: 44 px card less its rounded corners. */
const HALF_SIDE = 14;

interface PortUse {
  readonly end: WireEnd;
  /** Height the wire heads for, relative to the card's middle; 0 = straight on. */
  readonly aim: number;
  readonly wireId: string;
}

/** Writes `y` of every wire end. */
export function assignPorts(wires: readonly Wire[]): void {
  const sides = new Map<string, PortUse[]>();
  const use = (side: 'left' | 'right', end: WireEnd, target: number, wireId: string) => {
    const key = `${side} ${end.vertexId}`;
    const entry = { end, aim: target - rowMiddle(end.cell.row), wireId };
    const uses = sides.get(key);
    if (uses) uses.push(entry);
    else sides.set(key, [entry]);
  };
  for (const wire of wires) {
    const first = wire.runs.at(0)?.y ?? rowMiddle(wire.right.cell.row);
    const last = wire.runs.at(-1)?.y ?? rowMiddle(wire.left.cell.row);
    const isSelf = wire.isSameColumn && wire.left.cell.row === wire.right.cell.row;
    use('right', wire.left, isSelf ? first - 1 : first, wire.id);
    use(wire.isSameColumn ? 'right' : 'left', wire.right, isSelf ? last + 1 : last, wire.id);
  }
  for (const uses of sides.values()) spread(uses);
}

function spread(uses: PortUse[]): void {
  uses.sort((left, right) => left.aim - right.aim || compareText(left.wireId, right.wireId));
  const up = uses.filter((use) => use.aim < 0);
  const straight = uses.filter((use) => use.aim === 0);
  const down = uses.filter((use) => use.aim > 0);
  if (straight.length === 0) {
    place(uses, 0, HALF_SIDE * 2);
    return;
  }
  const half = place(straight, 0, HALF_SIDE);
  const room = HALF_SIDE - half;
  const pitchUp = Math.min(PORT_PITCH, room / Math.max(1, up.length));
  up.forEach((use, index) => {
    use.end.y = rowMiddle(use.end.cell.row) - half - pitchUp * (up.length - index);
  });
  const pitchDown = Math.min(PORT_PITCH, room / Math.max(1, down.length));
  down.forEach((use, index) => {
    use.end.y = rowMiddle(use.end.cell.row) + half + pitchDown * (index + 1);
  });
}

/** Centres ports around an offset; returns half of the height they take. */
function place(uses: readonly PortUse[], centre: number, room: number): number {
  const pitch = uses.length > 1 ? Math.min(PORT_PITCH, room / (uses.length - 1)) : 0;
  const half = (pitch * (uses.length - 1)) / 2;
  uses.forEach((use, index) => {
    use.end.y = rowMiddle(use.end.cell.row) + centre - half + index * pitch;
  });
  return half;
}
