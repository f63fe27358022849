// All links grouped into one Path2D a look, in the order they are stroked: faded, plain, lit, dropped last.

import { pointAt } from '../routing/rounded-path.ts';
import type { Scene } from '../scene.ts';
import { type EdgeStyle, styleKey } from './edge-style.ts';
import type { Palette } from './palette.ts';

const ARROW_LENGTH = 6;
const ARROW_HALF = 3.3;
const FADED_ALPHA = 0.4;
/** From this many links on, plain ones step back: a dense map is read by hovering. */
const MANY_LINKS = 300;
const MANY_ALPHA = 0.5;
const TRIANGLE = 5;

interface Look {
  readonly style: EdgeStyle;
  readonly lines: Path2D;
  readonly arrows: Path2D;
  /** Triangles at the middle of links with errors or slow answers. */
  readonly marks: Path2D;
}

export interface EdgeLayer {
  readonly looks: readonly Look[];
  readonly isDense: boolean;
}

export function buildEdgeLayer(
  scene: Pick<Scene, 'smooth' | 'flat'>,
  styles: ReadonlyMap<string, EdgeStyle>,
): EdgeLayer {
  const looks = new Map<string, Look>();
  for (const [id, path] of scene.smooth) {
    const style = styles.get(id);
    if (!style) continue;
    const key = styleKey(style);
    let look = looks.get(key);
    if (!look) {
      look = { style, lines: new Path2D(), arrows: new Path2D(), marks: new Path2D() };
      looks.set(key, look);
    }
    look.lines.moveTo(path.start.x, path.start.y);
    const last = path.pieces.length - 1;
    path.pieces.forEach(({ c1, c2, end, isStraight }, index) => {
      if (isStraight) {
        // The line stops inside the arrow head, whose tip would otherwise be as blunt as the line is wide.
        const short = index === last ? Math.sign(end.x - c1.x) * (ARROW_LENGTH - 2) : 0;
        look.lines.lineTo(end.x - short, end.y);
      } else look.lines.bezierCurveTo(c1.x, c1.y, c2.x, c2.y, end.x, end.y);
    });
    addArrow(look.arrows, path.pieces[last]?.c1.x ?? path.start.x, path.pieces[last]?.end ?? path.start);
    const flat = scene.flat.get(id);
    if (style.status === 'warn' && flat) addTriangle(look.marks, pointAt(flat, flat.total / 2));
  }
  return {
    looks: [...looks.values()].sort((left, right) => rank(left.style) - rank(right.style)),
    isDense: scene.smooth.size > MANY_LINKS,
  };
}

function rank({ status, emphasis }: EdgeStyle): number {
  const lift = emphasis === 'faded' ? 0 : emphasis === 'plain' ? 3 : 6;
  return lift + (status === 'bad' ? 2 : status === 'warn' ? 1 : 0);
}

function addArrow(path: Path2D, fromX: number, tip: { x: number; y: number }): void {
  const back = Math.sign(tip.x - fromX) * ARROW_LENGTH;
  path.moveTo(tip.x, tip.y);
  path.lineTo(tip.x - back, tip.y - ARROW_HALF);
  path.lineTo(tip.x - back, tip.y + ARROW_HALF);
  path.closePath();
}

function addTriangle(path: Path2D, at: { x: number; y: number }): void {
  path.moveTo(at.x, at.y - TRIANGLE);
  path.lineTo(at.x + TRIANGLE, at.y + TRIANGLE * 0.75);
  path.lineTo(at.x - TRIANGLE, at.y + TRIANGLE * 0.75);
  path.closePath();
}

/** The context must already carry the camera. */
export function strokeEdgeLayer(context: CanvasRenderingContext2D, layer: EdgeLayer, palette: Palette): void {
  context.lineCap = 'round';
  context.lineJoin = 'round';
  for (const { style, lines, arrows, marks } of layer.looks) {
    const colour = edgeColour(style, palette);
    const plainAlpha = layer.isDense ? MANY_ALPHA : 1;
    context.globalAlpha =
      style.emphasis === 'faded' ? FADED_ALPHA * plainAlpha : style.emphasis === 'lit' ? 1 : plainAlpha;
    context.strokeStyle = colour;
    context.fillStyle = colour;
    context.lineWidth = style.emphasis === 'lit' ? style.width + 0.4 : style.width;
    context.setLineDash(style.status === 'bad' ? [4, 5] : []);
    context.stroke(lines);
    context.setLineDash([]);
    context.fill(arrows);
    context.lineWidth = 3;
    context.strokeStyle = palette.bg;
    context.stroke(marks);
    context.fill(marks);
  }
  context.globalAlpha = 1;
}

function edgeColour({ status, emphasis }: EdgeStyle, palette: Palette): string {
  if (status === 'bad') return palette.bad;
  if (emphasis === 'lit') return palette.accent;
  return status === 'warn' ? palette.warn : palette.edge;
}
