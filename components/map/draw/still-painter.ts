// Paints the still canvas: boxes, links, far cards. Told what changed and where the camera is; paints when the picture
// looks different, when the view leaves what is painted, and shortly after a zoom has come to rest. Runs in a worker where
// there is one, so that neither a pan nor a change of figures waits for a thousand lines.

import { smoothLines } from '../routing/line-table.ts';
import { flattenPath } from '../routing/rounded-path.ts';
import { buildEdgeLayer, type DrawnLine, type EdgeLayer } from './edge-layer.ts';
import { boxBetween, eased, GLIDE_MS, linesBetween, MAX_GLIDING_LINKS } from './glide.ts';
import { OVERSIZE, type PaintOrder, type Size } from './paint-orders.ts';
import type { Palette } from './palette.ts';
import { type Camera, type CanvasBox, paintStatic, type StaticPicture } from './static-layer.ts';

const ZOOM_REST_MS = 100;

export type Canvas = HTMLCanvasElement | OffscreenCanvas;

interface Glide {
  readonly from: ReadonlyMap<string, DrawnLine>;
  readonly boxes: readonly CanvasBox[];
  readonly startMs: number;
}

export interface StillPainterOptions {
  readonly canvas: Canvas;
  /** The canvas now shows what this camera sees, and OVERSIZE more on every side. */
  readonly onPainted: (camera: Camera) => void;
  readonly onGliding: (isGliding: boolean) => void;
}

export class StillPainter {
  readonly #options: StillPainterOptions;
  #lines: readonly DrawnLine[] = [];
  #picture: StaticPicture | undefined;
  #palette: Palette | undefined;
  #size: Size = { width: 0, height: 0, pixelRatio: 1 };
  #camera: Camera = { x: 0, y: 0, k: 1 };
  #painted: Camera | undefined;
  #isAnimated = true;
  /** Built when the picture is painted, and good until it looks different. */
  #edges: EdgeLayer | undefined;
  #glide: Glide | undefined;
  #frame = 0;
  #restTimer: ReturnType<typeof setTimeout> | undefined;
  #needsPaint = false;

  constructor(options: StillPainterOptions) {
    this.#options = options;
  }

  /** The lines in the order of the table that came last. */
  get lines(): readonly DrawnLine[] {
    return this.#lines;
  }

  take(order: PaintOrder): void {
    switch (order.kind) {
      case 'size':
        this.#resize(order);
        break;
      case 'palette':
        this.#palette = order.palette;
        break;
      case 'picture':
        this.#setPicture(order);
        break;
      case 'camera':
        this.#setCamera(order.camera);
        return;
      case 'animated':
        this.#isAnimated = order.isAnimated;
        return;
      case 'stop':
        cancelAnimationFrame(this.#frame);
        clearTimeout(this.#restTimer);
        return;
      case 'dots':
        return;
      case 'fonts':
        break;
    }
    this.requestPaint();
  }

  requestPaint(): void {
    this.#needsPaint = true;
    this.#requestFrame();
  }

  #resize(size: Size): void {
    this.#size = size;
    const grown = size.pixelRatio * (1 + 2 * OVERSIZE);
    this.#options.canvas.width = Math.round(size.width * grown);
    this.#options.canvas.height = Math.round(size.height * grown);
  }

  #setPicture({ picture, lines, glides }: Extract<PaintOrder, { kind: 'picture' }>): void {
    const before = this.#picture;
    const from = this.#lines;
    this.#picture = picture;
    this.#edges = undefined;
    if (lines === undefined) return;
    const smooth = smoothLines(lines);
    this.#lines = lines.ids.map((id, index) => {
      const path = smooth[index] ?? { start: { x: 0, y: 0 }, pieces: [] };
      return { id, smooth: path, flat: flattenPath(path) };
    });
    if (!glides || before === undefined || !this.#isAnimated || this.#lines.length > MAX_GLIDING_LINKS) return;
    this.#glide = {
      from: new Map(from.map((line) => [line.id, line])),
      boxes: before.boxes,
      startMs: performance.now(),
    };
    this.#options.onGliding(true);
  }

  #setCamera(camera: Camera): void {
    this.#camera = camera;
    if (!this.#covers()) this.requestPaint();
    else if (this.#painted && this.#painted.k !== camera.k) {
      clearTimeout(this.#restTimer);
      this.#restTimer = setTimeout(() => this.requestPaint(), ZOOM_REST_MS);
    }
  }

  #requestFrame(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(this.#onFrame);
  }

  readonly #onFrame = (): void => {
    this.#frame = 0;
    if (this.#needsPaint || this.#glide !== undefined) this.#paint();
    if (this.#glide !== undefined) this.#requestFrame();
  };

  #paint(): void {
    const { width, height, pixelRatio } = this.#size;
    const context = this.#options.canvas.getContext('2d') as OffscreenCanvasRenderingContext2D | null;
    if (context === null || this.#picture === undefined || this.#palette === undefined || width === 0) return;
    this.#needsPaint = false;
    const camera = this.#camera;
    const shifted = { x: camera.x + width * OVERSIZE, y: camera.y + height * OVERSIZE, k: camera.k };
    const { picture, edges } = this.#shownAt(this.#picture, performance.now());
    paintStatic(context, picture, edges, this.#palette, shifted, pixelRatio);
    this.#painted = camera;
    this.#options.onPainted(camera);
  }

  /** The picture, or on the way between two layouts what of it is there by now. */
  #shownAt(picture: StaticPicture, nowMs: number): { picture: StaticPicture; edges: EdgeLayer } {
    const glide = this.#glide;
    const time = glide === undefined ? 1 : (nowMs - glide.startMs) / GLIDE_MS;
    if (glide === undefined || time >= 1) {
      if (glide !== undefined) this.#options.onGliding(false);
      this.#glide = undefined;
      this.#edges ??= buildEdgeLayer(this.#lines, picture);
      return { picture, edges: this.#edges };
    }
    const share = eased(Math.max(0, time));
    const from = new Map(glide.boxes.map((box) => [box.id, box.rect]));
    const boxes = picture.boxes.map((box) => ({ ...box, rect: boxBetween(from.get(box.id), box.rect, share) }));
    const lines = linesBetween(glide.from, this.#lines, share);
    return { picture: { ...picture, boxes }, edges: buildEdgeLayer(lines, picture) };
  }

  #covers(): boolean {
    const painted = this.#painted;
    if (painted === undefined) return false;
    const { width, height } = this.#size;
    const scale = this.#camera.k / painted.k;
    const left = this.#camera.x - (painted.x + width * OVERSIZE) * scale;
    const top = this.#camera.y - (painted.y + height * OVERSIZE) * scale;
    const grown = 1 + 2 * OVERSIZE;
    return left <= 0 && top <= 0 && left + width * grown * scale >= width && top + height * grown * scale >= height;
  }
}
