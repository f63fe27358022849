// All links grouped into one Path2D a look, in the order they are stroked: faded, plain, lit, dropped last.

import { type FlatPath, pointAt, type SmoothPath } from '../routing/rounded-path.ts';
import type { EdgeStyle, EdgeStyles } from './edge-style.ts';
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
  /** Shapes at the middle of links: see addMark. */
  readonly marks: Path2D;
}

export interface EdgeLayer {
  readonly looks: readonly Look[];
  readonly isDense: boolean;
}

/** A line as it is drawn and as it is measured. */
export interface DrawnLine {
  readonly id: string;
  readonly smooth: SmoothPath;
  readonly flat: FlatPath;
}

export function buildEdgeLayer(lines: readonly DrawnLine[], { styles, styleOf }: EdgeStyles): EdgeLayer {
  const looks = styles.map((style): Look => {
    return { style, lines: new Path2D(), arrows: new Path2D(), marks: new Path2D() };
  });
  for (const [at, { smooth: path, flat }] of lines.entries()) {
    const look = looks[styleOf[at] ?? 0];
    if (look === undefined) continue;
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
    addMark(look.marks, look.style, pointAt(flat, flat.total / 2));
  }
  return {
    looks: looks.sort((left, right) => rank(left.style) - rank(right.style)),
    isDense: lines.length > MANY_LINKS,
  };
}

function rank({ status, emphasis, mark }: EdgeStyle): number {
  const lift = emphasis === 'faded' ? 0 : emphasis === 'plain' ? 3 : 6;
  return lift + (mark === undefined ? 0 : 9) + (status === 'bad' ? 2 : status === 'warn' ? 1 : 0);
}

/** Shapes for those who do not see the colours: a cross would close, a ring would open, a triangle is errors or doubt. */
function addMark(path: Path2D, { status, mark }: EdgeStyle, at: { x: number; y: number }): void {
  if (mark === 'closes') addCross(path, at);
  else if (mark === 'opens') addRing(path, at);
  else if (mark === 'unsure' || status === 'warn') addTriangle(path, at);
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

function addCross(path: Path2D, at: { x: number; y: number }): void {
  const [arm, half] = [TRIANGLE * 1.2, 1.5];
  for (const turn of [Math.PI / 4, -Math.PI / 4]) {
    const [dx, dy] = [Math.cos(turn), Math.sin(turn)];
    path.moveTo(at.x - dx * arm - dy * half, at.y - dy * arm + dx * half);
    path.lineTo(at.x + dx * arm - dy * half, at.y + dy * arm + dx * half);
    path.lineTo(at.x + dx * arm + dy * half, at.y + dy * arm - dx * half);
    path.lineTo(at.x - dx * arm + dy * half, at.y - dy * arm - dx * half);
    path.closePath();
  }
}

function addRing(path: Path2D, at: { x: number; y: number }): void {
  path.moveTo(at.x + TRIANGLE, at.y);
  path.arc(at.x, at.y, TRIANGLE, 0, Math.PI * 2);
  path.moveTo(at.x + TRIANGLE / 2, at.y);
  path.arc(at.x, at.y, TRIANGLE / 2, 0, Math.PI * 2, true);
}

/** The context must already carry the camera. */
export function strokeEdgeLayer(context: OffscreenCanvasRenderingContext2D, layer: EdgeLayer, palette: Palette): void {
  context.lineCap = 'round';
  context.lineJoin = 'round';
  for (const { style, lines, arrows, marks } of layer.looks) {
    const colour = edgeColour(style, palette);
    const plainAlpha = layer.isDense ? MANY_ALPHA : 1;
    context.globalAlpha =
      style.emphasis === 'faded' ? FADED_ALPHA * plainAlpha : style.emphasis === 'lit' ? 1 : plainAlpha;
    context.strokeStyle = colour;
    context.fillStyle = colour;
    context.lineWidth =
      style.mark !== undefined ? style.width + 1.2 : style.emphasis === 'lit' ? style.width + 0.4 : style.width;
    context.setLineDash(dashOf(style));
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

export function dashOf({ status, mark }: EdgeStyle): number[] {
  if (mark === 'closes') return [10, 4];
  if (mark === 'unsure') return [2, 4];
  return mark === undefined && status === 'bad' ? [4, 5] : [];
}

export function edgeColour({ status, emphasis, mark }: EdgeStyle, palette: Palette): string {
  if (mark !== undefined) return mark === 'closes' ? palette.bad : mark === 'opens' ? palette.ok : palette.warn;
  if (status === 'bad') return palette.bad;
  if (emphasis === 'lit') return palette.accent;
  return status === 'warn' ? palette.warn : palette.edge;
}
