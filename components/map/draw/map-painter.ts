// Drives the two canvases. The static one is larger than the view and is moved by CSS while the camera moves, so that
// panning costs no painting; it is painted again when the view leaves it, or shortly after the zoom has come to rest.
// The upper one carries the moving dots and is the only thing painted per frame.

import type { Rect } from '../routing/grid-metrics.ts';
import type { Scene } from '../scene.ts';
import { buildEdgeLayer } from './edge-layer.ts';
import { type DotLink, MAX_DOTS, paintDots } from './flow-dots.ts';
import { boxBetween, eased, GLIDE_MS, linesBetween, MAX_GLIDING_LINKS } from './glide.ts';
import type { Palette } from './palette.ts';
import { type Camera, paintStatic, type StaticPicture } from './static-layer.ts';

/** Painted beyond the view on every side, as a share of it. */
const OVERSIZE = 0.3;
const ZOOM_REST_MS = 100;
/** Dots at 30 frames a second look as smooth as at 60, for half of the work. */
const DOT_FRAME_MS = 32;

export class MapPainter {
  readonly #still: HTMLCanvasElement;
  readonly #moving: HTMLCanvasElement;
  #picture: StaticPicture | undefined;
  #palette: Palette | undefined;
  #dots: readonly DotLink[] = [];
  #camera: Camera = { x: 0, y: 0, k: 1 };
  #painted: Camera | undefined;
  #size = { width: 0, height: 0, pixelRatio: 1 };
  #isAnimated = true;
  #frame = 0;
  #restTimer: ReturnType<typeof setTimeout> | undefined;
  #needsPaint = false;
  #needsDots = false;
  #lastDotsMs = 0;
  #hasDrawn = false;
  #glide: { readonly from: Scene; readonly to: Scene; readonly startMs: number } | undefined;
  /** Repaints of the static layer and the time they took, for the measuring page. */
  readonly paintMs: number[] = [];

  constructor(still: HTMLCanvasElement, moving: HTMLCanvasElement) {
    this.#still = still;
    this.#moving = moving;
  }

  setSize(width: number, height: number, pixelRatio: number): void {
    const same = this.#size.width === width && this.#size.height === height && this.#size.pixelRatio === pixelRatio;
    if (same || width === 0 || height === 0) return;
    this.#size = { width, height, pixelRatio };
    fitCanvas(this.#still, width * (1 + 2 * OVERSIZE), height * (1 + 2 * OVERSIZE), pixelRatio);
    fitCanvas(this.#moving, width, height, pixelRatio);
    // Resizing clears a canvas; painting in the same task keeps it from flashing.
    this.#paintNow();
  }

  setPalette(palette: Palette): void {
    this.#palette = palette;
    this.#requestPaint();
  }

  setPicture(picture: StaticPicture): void {
    this.#picture = picture;
    this.#requestPaint();
  }

  /** Cards glide from one layout to the next; until they are there, boxes and links are drawn on the way. */
  glide(from: Scene, to: Scene): void {
    if (!this.#isAnimated || to.flat.size > MAX_GLIDING_LINKS) return;
    this.#glide = { from, to, startMs: performance.now() };
    this.#requestPaint();
  }

  setDots(dots: readonly DotLink[]): void {
    let left = MAX_DOTS;
    this.#dots = dots.map((link) => {
      const count = Math.min(link.count, left);
      left -= count;
      return { ...link, count };
    });
    this.#needsDots = true;
    this.#requestFrame();
  }

  /** Off under reduced motion and in hidden tabs: the dots then stand where they are at time 0. */
  setAnimated(isAnimated: boolean): void {
    this.#isAnimated = isAnimated;
    this.#needsDots = true;
    this.#requestFrame();
  }

  setCamera(camera: Camera): void {
    this.#camera = camera;
    this.#needsDots = true;
    this.#moveStill();
    if (!this.#covers()) this.#requestPaint();
    else if (this.#painted && this.#painted.k !== camera.k) {
      clearTimeout(this.#restTimer);
      this.#restTimer = setTimeout(() => this.#requestPaint(), ZOOM_REST_MS);
    }
    this.#requestFrame();
  }

  destroy(): void {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#restTimer);
  }

  #requestPaint(): void {
    this.#needsPaint = true;
    this.#requestFrame();
  }

  #requestFrame(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(this.#onFrame);
  }

  readonly #onFrame = (timeMs: number): void => {
    this.#frame = 0;
    if (this.#needsPaint || this.#glide !== undefined) this.#paintNow();
    const isDue = timeMs - this.#lastDotsMs >= DOT_FRAME_MS;
    if (this.#needsDots || (this.#isAnimated && isDue)) {
      this.#lastDotsMs = timeMs;
      this.#needsDots = false;
      this.#paintDots(this.#isAnimated ? timeMs : 0);
    }
    if (this.#glide !== undefined || (this.#isAnimated && this.#dots.length > 0)) this.#requestFrame();
  };

  #paintNow(): void {
    const context = this.#still.getContext('2d');
    if (!context || !this.#picture || !this.#palette) return;
    this.#needsPaint = false;
    const started = performance.now();
    const { x, y, k } = this.#camera;
    const { width, height, pixelRatio } = this.#size;
    const shifted = { x: x + width * OVERSIZE, y: y + height * OVERSIZE, k };
    paintStatic(context, this.#pictureNow(this.#picture, started), this.#palette, shifted, pixelRatio);
    this.#painted = this.#camera;
    this.#moveStill();
    this.paintMs.push(performance.now() - started);
    if (this.paintMs.length > 200) this.paintMs.shift();
    if (!this.#hasDrawn) performance.mark('map drawn');
    this.#hasDrawn = true;
  }

  /** The picture, or on the way between two layouts what of it is there by now. */
  #pictureNow(picture: StaticPicture, nowMs: number): StaticPicture {
    const glide = this.#glide;
    if (glide === undefined) return picture;
    const time = (nowMs - glide.startMs) / GLIDE_MS;
    if (time >= 1) {
      this.#glide = undefined;
      return picture;
    }
    const share = eased(Math.max(0, time));
    const { from, to } = glide;
    const boxes = picture.boxes.map((box) => ({ ...box, rect: boxBetween(from.boxes.get(box.id), box.rect, share) }));
    return { ...picture, boxes, edges: buildEdgeLayer(linesBetween(from, to, share), picture.styles) };
  }

  /** Puts the painted picture where the present camera wants it. */
  #moveStill(): void {
    const painted = this.#painted;
    if (!painted) return;
    const { width, height } = this.#size;
    const scale = this.#camera.k / painted.k;
    const x = this.#camera.x - (painted.x + width * OVERSIZE) * scale;
    const y = this.#camera.y - (painted.y + height * OVERSIZE) * scale;
    this.#still.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
  }

  #covers(): boolean {
    const painted = this.#painted;
    if (!painted) return false;
    const { width, height } = this.#size;
    const scale = this.#camera.k / painted.k;
    const left = this.#camera.x - (painted.x + width * OVERSIZE) * scale;
    const top = this.#camera.y - (painted.y + height * OVERSIZE) * scale;
    const grown = 1 + 2 * OVERSIZE;
    return left <= 0 && top <= 0 && left + width * grown * scale >= width && top + height * grown * scale >= height;
  }

  #paintDots(timeMs: number): void {
    const context = this.#moving.getContext('2d');
    if (!context || !this.#palette) return;
    const { width, height, pixelRatio } = this.#size;
    const { x, y, k } = this.#camera;
    context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
    context.clearRect(0, 0, width, height);
    const view: Rect = { x: -x / k, y: -y / k, width: width / k, height: height / k };
    if (this.#glide !== undefined) return;
    paintDots(context, this.#dots, this.#palette, this.#camera, view, timeMs);
  }
}

function fitCanvas(canvas: HTMLCanvasElement, width: number, height: number, pixelRatio: number): void {
  canvas.width = Math.round(width * pixelRatio);
  canvas.height = Math.round(height * pixelRatio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
}
