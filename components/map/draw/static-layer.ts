// Paints everything that does not move by itself: dot grid, boxes, labels, links and, when they are many or small, cards.
// Called when something changed or the camera left the painted area, never per frame.

import { middleEllipsis } from '../graph/figure-text.ts';
import type { Status } from '../graph/figures.ts';
import type { Rect } from '../routing/grid-metrics.ts';
import { type EdgeLayer, strokeEdgeLayer } from './edge-layer.ts';
import { type EdgeStyles, styleKey } from './edge-style.ts';
import type { Palette } from './palette.ts';

export interface Camera {
  /** Screen = world * k + (x, y), in CSS pixels. */
  readonly x: number;
  readonly y: number;
  readonly k: number;
}

export interface CanvasCard {
  readonly rect: Rect;
  readonly title: string;
  readonly line: string;
  readonly status: Status;
  readonly isDashed: boolean;
  readonly isSelected: boolean;
  readonly isFaded: boolean;
}

export interface CanvasBox {
  readonly id: string;
  readonly rect: Rect;
  readonly title: string;
  readonly count: number;
}

export interface StaticPicture extends EdgeStyles {
  readonly boxes: readonly CanvasBox[];
  /** Empty while the DOM shows the cards. */
  readonly cards: readonly CanvasCard[];
  /** Box labels are painted only when the DOM does not show them. */
  readonly hasLabels: boolean;
}

/** Whether two pictures of the same lines and boxes paint the same. */
export function looksSame(one: StaticPicture, other: StaticPicture): boolean {
  return (
    one.hasLabels === other.hasLabels &&
    one.cards.length === other.cards.length &&
    one.cards.every((card, index) => isSameCard(card, other.cards[index])) &&
    one.boxes.every((box, index) => box.title === other.boxes[index]?.title) &&
    one.styles.length === other.styles.length &&
    one.styles.every((style, index) => styleKey(style) === styleKey(other.styles[index] ?? style)) &&
    one.styleOf.every((style, index) => style === other.styleOf[index])
  );
}

function isSameCard(one: CanvasCard, other: CanvasCard | undefined): boolean {
  return (
    one.line === other?.line &&
    one.title === other.title &&
    one.status === other.status &&
    one.isSelected === other.isSelected &&
    one.isFaded === other.isFaded
  );
}

const GRID_PITCH = 22;
/** Below these zooms the second line and the icon, then the name, then the card's shape are no longer worth their ink. */
export const MIN_DETAIL_ZOOM = 0.6;
const MIN_NAME_ZOOM = 0.26;
const MIN_CARD_ZOOM = 0.16;

export function paintStatic(
  context: OffscreenCanvasRenderingContext2D,
  picture: StaticPicture,
  edges: EdgeLayer,
  palette: Palette,
  camera: Camera,
  pixelRatio: number,
): void {
  const { width, height } = context.canvas;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, width, height);
  context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
  paintGrid(context, palette, camera, width / pixelRatio, height / pixelRatio);
  const scale = camera.k * pixelRatio;
  context.setTransform(scale, 0, 0, scale, camera.x * pixelRatio, camera.y * pixelRatio);
  const view = {
    x: -camera.x / camera.k,
    y: -camera.y / camera.k,
    width: width / scale,
    height: height / scale,
  };
  for (const box of picture.boxes)
    if (overlaps(box.rect, view)) paintBox(context, box, palette, picture.hasLabels, camera.k);
  strokeEdgeLayer(context, edges, palette);
  for (const card of picture.cards) if (overlaps(card.rect, view)) paintCard(context, card, palette, camera.k);
  context.globalAlpha = 1;
}

function overlaps(rect: Rect, view: Rect): boolean {
  return (
    rect.x < view.x + view.width &&
    rect.x + rect.width > view.x &&
    rect.y < view.y + view.height &&
    rect.y + rect.height > view.y
  );
}

/** Dots keep their distance on screen while zooming, in powers of two, so that the grid never turns into fog. */
function paintGrid(
  context: OffscreenCanvasRenderingContext2D,
  palette: Palette,
  camera: Camera,
  width: number,
  height: number,
) {
  const pitch = GRID_PITCH * camera.k * 2 ** Math.max(0, Math.ceil(Math.log2(0.7 / camera.k)));
  context.fillStyle = palette.dotGrid;
  const left = ((camera.x % pitch) + pitch) % pitch;
  const top = ((camera.y % pitch) + pitch) % pitch;
  for (let y = top; y < height; y += pitch) {
    for (let x = left; x < width; x += pitch) context.fillRect(x - 0.7, y - 0.7, 1.4, 1.4);
  }
}

function paintBox(
  context: OffscreenCanvasRenderingContext2D,
  box: CanvasBox,
  palette: Palette,
  hasLabel: boolean,
  zoom: number,
) {
  const { x, y, width, height } = box.rect;
  context.beginPath();
  context.roundRect(x, y, width, height, 16);
  context.fillStyle = palette.group;
  context.fill();
  context.lineWidth = Math.max(1, 0.7 / zoom);
  context.strokeStyle = palette.groupLine;
  context.stroke();
  if (!hasLabel) return;
  // A far label grows against the zoom, so that namespaces can be read when their cards cannot.
  const size = Math.min(28, Math.max(11, 9 / zoom));
  context.font = `500 ${size}px ${palette.font}`;
  context.fillStyle = palette.fg3;
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  const letters = Math.max(3, Math.floor((width - 28) / (size * 0.56)));
  context.fillText(middleEllipsis(box.title, letters), x + 12, y + Math.max(16, size * 0.7));
}

function paintCard(context: OffscreenCanvasRenderingContext2D, card: CanvasCard, palette: Palette, zoom: number): void {
  const { x, y, width, height } = card.rect;
  context.globalAlpha = card.isFaded ? 0.6 : 1;
  if (zoom < MIN_CARD_ZOOM) {
    context.fillStyle = card.isSelected ? palette.accent : statusColour(card.status, palette, palette.fg3);
    context.beginPath();
    context.roundRect(x + width * 0.2, y, width * 0.6, height, height / 2);
    context.fill();
    return;
  }
  context.beginPath();
  context.roundRect(x, y, width, height, 10);
  context.fillStyle = card.isDashed ? palette.bg : palette.raised;
  context.fill();
  context.lineWidth = card.isSelected ? 2 : Math.max(1, 0.6 / zoom);
  context.strokeStyle = card.isSelected ? palette.accent : card.status === 'bad' ? palette.bad : palette.lineStrong;
  context.setLineDash(card.isDashed ? [4, 3] : []);
  context.stroke();
  context.setLineDash([]);
  paintStatus(context, card.status, x + width - 15, y + 15, zoom < MIN_DETAIL_ZOOM ? 7 : 4, palette);
  if (zoom < MIN_DETAIL_ZOOM) {
    paintFarName(context, card, palette, zoom);
    return;
  }
  context.fillStyle = palette.sunken;
  context.beginPath();
  context.roundRect(x + 10, y + 10, 24, 24, 6);
  context.fill();
  context.textBaseline = 'alphabetic';
  context.textAlign = 'center';
  context.fillStyle = palette.fg2;
  context.font = `500 11px ${palette.font}`;
  context.fillText(card.title.slice(0, 1).toUpperCase(), x + 22, y + 26);
  context.textAlign = 'left';
  context.fillStyle = palette.fg;
  context.font = `500 12.5px ${palette.font}`;
  context.fillText(middleEllipsis(card.title, Math.floor((width - 68) / 6.6)), x + 44, y + 19);
  context.fillStyle = palette.fg3;
  context.font = `400 10.5px ${palette.font}`;
  context.fillText(card.line, x + 44, y + 34);
}

/** A far card is its name alone, as large as the card lets it be. */
function paintFarName(
  context: OffscreenCanvasRenderingContext2D,
  card: CanvasCard,
  palette: Palette,
  zoom: number,
): void {
  if (zoom < MIN_NAME_ZOOM) return;
  const { x, y, width, height } = card.rect;
  const size = Math.min(24, Math.max(14, 8.5 / zoom));
  context.font = `500 ${size}px ${palette.font}`;
  context.fillStyle = palette.fg2;
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  context.fillText(middleEllipsis(card.title, Math.floor((width - 36) / (size * 0.56))), x + 10, y + height / 2 + 1);
}

function statusColour(status: Status, palette: Palette, ok: string): string {
  return status === 'bad' ? palette.bad : status === 'warn' ? palette.warn : ok;
}

/** Dot, triangle or cross: the same three shapes as on DOM cards. */
function paintStatus(
  context: OffscreenCanvasRenderingContext2D,
  status: Status,
  x: number,
  y: number,
  radius: number,
  palette: Palette,
): void {
  const colour = statusColour(status, palette, palette.ok);
  context.fillStyle = colour;
  context.strokeStyle = colour;
  context.beginPath();
  if (status === 'ok') {
    context.arc(x, y, radius * 0.75, 0, Math.PI * 2);
    context.fill();
  } else if (status === 'warn') {
    context.moveTo(x, y - radius);
    context.lineTo(x + radius, y + radius * 0.75);
    context.lineTo(x - radius, y + radius * 0.75);
    context.closePath();
    context.fill();
  } else {
    const arm = radius * 0.75;
    context.lineWidth = radius * 0.5;
    context.moveTo(x - arm, y - arm);
    context.lineTo(x + arm, y + arm);
    context.moveTo(x + arm, y - arm);
    context.lineTo(x - arm, y + arm);
    context.stroke();
  }
}
