// The map as an SVG file: what the still canvas shows, in shapes and text that can be edited and printed. Pure.

import { middleEllipsis } from '../graph/figure-text.ts';
import type { Status } from '../graph/figures.ts';
import type { Point, Rect } from '../routing/grid-metrics.ts';
import { type LineTable, smoothLines } from '../routing/line-table.ts';
import { flattenPath, pointAt, type SmoothPath } from '../routing/rounded-path.ts';
import { dashOf, edgeColour } from './edge-layer.ts';
import type { EdgeStyle } from './edge-style.ts';
import type { Palette } from './palette.ts';
import type { CanvasBox, CanvasCard, StaticPicture } from './static-layer.ts';

const MARGIN = 24;

export interface SavedMap {
  readonly bounds: Rect;
  readonly lines: LineTable;
  readonly picture: StaticPicture;
  /** Where drop markers stand. */
  readonly drops: readonly Point[];
  readonly palette: Palette;
}

export function mapSvg({ bounds, lines, picture, drops, palette }: SavedMap): string {
  const [x, y] = [bounds.x - MARGIN, bounds.y - MARGIN];
  const [width, height] = [bounds.width + 2 * MARGIN, bounds.height + 2 * MARGIN];
  const smooth = smoothLines(lines);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="${x} ${y} ${width} ${height}" font-family="${escaped(palette.font)}">`,
    '<title>Service map</title>',
    arrowMarkers(picture.styles, palette),
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${palette.bg}"/>`,
    ...picture.boxes.map((box) => boxShape(box, palette)),
    ...smooth.map((path, index) => lineShape(path, lines.ids[index] ?? '', picture, index, palette)),
    ...smooth.map((path, index) => markShape(path, picture.styles[picture.styleOf[index] ?? 0], palette)),
    ...picture.cards.map((card) => cardShape(card, palette)),
    ...drops.map((at) => dropShape(at, palette)),
    '</svg>\n',
  ].join('\n');
}

function boxShape({ rect, title, count }: CanvasBox, palette: Palette): string {
  const { x, y, width, height } = rect;
  return (
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="16" fill="${palette.group}" stroke="${palette.groupLine}"/>` +
    `<text x="${x + 14}" y="${y + 20}" font-size="12" fill="${palette.fg2}">${escaped(title)}</text>` +
    `<text x="${x + width - 14}" y="${y + 20}" font-size="11" text-anchor="end" fill="${palette.fg3}">${count}</text>`
  );
}

function lineShape(
  { start, pieces }: SmoothPath,
  id: string,
  picture: StaticPicture,
  index: number,
  palette: Palette,
): string {
  const number = picture.styleOf[index] ?? 0;
  const style = picture.styles[number];
  if (style === undefined) return '';
  const way = pieces.map(({ c1, c2, end, isStraight }) =>
    isStraight ? `L${pair(end)}` : `C${pair(c1)} ${pair(c2)} ${pair(end)}`,
  );
  const dash = dashOf(style).join(' ');
  return `<path d="M${pair(start)}${way.join('')}" fill="none" stroke="${edgeColour(style, palette)}" stroke-width="${style.width.toFixed(1)}"${
    dash === '' ? '' : ` stroke-dasharray="${dash}"`
  }${style.emphasis === 'faded' ? ' opacity="0.4"' : ''} marker-end="url(#arrow${number})"><title>${escaped(id)}</title></path>`;
}

/** The shapes of the canvas (edge-layer.ts), for those who do not see the colours. */
function markShape(path: SmoothPath, style: EdgeStyle | undefined, palette: Palette): string {
  if (style === undefined || (style.mark === undefined && style.status !== 'warn')) return '';
  const flat = flattenPath(path);
  const { x, y } = pointAt(flat, flat.total / 2);
  const colour = edgeColour(style, palette);
  if (style.mark === 'closes')
    return `<path d="M${pair({ x: x - 4, y: y - 4 })}l8 8m0 -8l-8 8" stroke="${colour}" stroke-width="3"/>`;
  if (style.mark === 'opens')
    return `<circle cx="${x}" cy="${y}" r="4" fill="${palette.bg}" stroke="${colour}" stroke-width="2"/>`;
  return `<path d="M${pair({ x, y: y - 5 })}l5 8.75h-10z" fill="${colour}"/>`;
}

function arrowMarkers(styles: readonly EdgeStyle[], palette: Palette): string {
  const markers = styles.map(
    (style, number) =>
      `<marker id="arrow${number}" viewBox="0 0 6 6.6" refX="5" refY="3.3" markerWidth="6" markerHeight="6.6" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0 6 3.3 0 6.6z" fill="${edgeColour(style, palette)}"/></marker>`,
  );
  return `<defs>${markers.join('')}</defs>`;
}

function cardShape({ rect, title, line, status, isDashed, isSelected, isFaded }: CanvasCard, palette: Palette): string {
  const { x, y, width, height } = rect;
  const stroke = isSelected ? palette.accent : status === 'bad' ? palette.bad : palette.lineStrong;
  const name = middleEllipsis(title, Math.floor((width - 40) / 6.6));
  return (
    `<g${isFaded ? ' opacity="0.6"' : ''}><title>${escaped(title)}</title>` +
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="10" fill="${isDashed ? palette.bg : palette.raised}" stroke="${stroke}"${isDashed ? ' stroke-dasharray="4 3"' : ''}/>` +
    `<text x="${x + 12}" y="${y + 19}" font-size="12.5" font-weight="500" fill="${palette.fg}">${escaped(name)}</text>` +
    `<text x="${x + 12}" y="${y + 34}" font-size="10.5" fill="${palette.fg3}">${escaped(line)}</text>` +
    `${statusShape(status, x + width - 15, y + 15, palette)}</g>`
  );
}

/** The same three shapes as on the page. */
function statusShape(status: Status, x: number, y: number, palette: Palette): string {
  if (status === 'ok') return `<circle cx="${x}" cy="${y}" r="3" fill="${palette.ok}"/>`;
  if (status === 'warn') return `<path d="M${x} ${y - 4}L${x + 4} ${y + 3}H${x - 4}z" fill="${palette.warn}"/>`;
  return `<path d="M${x - 3} ${y - 3}l6 6m0 -6l-6 6" stroke="${palette.bad}" stroke-width="2"/>`;
}

function dropShape({ x, y }: Point, palette: Palette): string {
  return (
    `<circle cx="${x}" cy="${y}" r="8" fill="${palette.bg}" stroke="${palette.bad}" stroke-width="1.5"/>` +
    `<path d="M${x - 3} ${y - 3}l6 6m0 -6l-6 6" stroke="${palette.bad}" stroke-width="1.5"/>`
  );
}

function pair({ x, y }: Point): string {
  return `${Math.round(x * 100) / 100} ${Math.round(y * 100) / 100}`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[letter] ?? '');
}
