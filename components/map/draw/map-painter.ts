// Drives the still canvas. It is larger than the view and is moved by CSS while the camera moves, so that panning costs no
// painting; it is painted again when the view leaves it, or shortly after the zoom has come to rest. The dots above it
// (dots-layer.ts) are told where the camera is, and move by themselves.

import type { Scene } from '../scene.ts';
import type { DotsLayer } from './dots-layer.ts';
import { buildEdgeLayer, type EdgeLayer } from './edge-layer.ts';
import { boxBetween, eased, GLIDE_MS, linesBetween, MAX_GLIDING_LINKS } from './glide.ts';
import type { Palette } from './palette.ts';
import { type Camera, looksSame, paintStatic, type StaticPicture } from './static-layer.ts';

/** Painted beyond the view on every side, as a share of it. */
const OVERSIZE = 0.3;
const ZOOM_REST_MS = 100;

export class MapPainter {
  readonly #still: HTMLCanvasElement;
  readonly #dots: DotsLayer;
  #picture: StaticPicture | undefined;
  #palette: Palette | undefined;
  #camera: Camera = { x: 0, y: 0, k: 1 };
  #painted: Camera | undefined;
  #size = { width: 0, height: 0, pixelRatio: 1 };
  #isAnimated = true;
  #frame = 0;
  #restTimer: ReturnType<typeof setTimeout> | undefined;
  #needsPaint = false;
  #hasDrawn = false;
  /** Built when the picture is painted, and good until it looks different. */
  #edges: EdgeLayer | undefined;
  #glide: { readonly from: Scene; readonly to: Scene; readonly startMs: number } | undefined;
  /** Repaints of the static layer and the time they took, for the measuring page. */
  readonly paintMs: number[] = [];

  constructor(still: HTMLCanvasElement, dots: DotsLayer) {
    this.#still = still;
    this.#dots = dots;
  }

  setSize(width: number, height: number, pixelRatio: number): void {
    const same = this.#size.width === width && this.#size.height === height && this.#size.pixelRatio === pixelRatio;
    if (same || width === 0 || height === 0) return;
    this.#size = { width, height, pixelRatio };
    fitCanvas(this.#still, width * (1 + 2 * OVERSIZE), height * (1 + 2 * OVERSIZE), pixelRatio);
    this.#dots.setSize(width, height, pixelRatio);
    // Resizing clears a canvas; painting in the same task keeps it from flashing.
    this.#paintNow();
  }

  setPalette(palette: Palette): void {
    this.#palette = palette;
    this.#dots.setColours({ plain: palette.particle, lit: palette.accent });
    this.#requestPaint();
  }

  /** Paints only if it looks different: figures move all the time, widths and words rarely. */
  setPicture(picture: StaticPicture): void {
    const before = this.#picture;
    this.#picture = picture;
    if (before !== undefined && looksSame(before, picture)) return;
    this.#edges = undefined;
    this.#requestPaint();
  }

  /** Cards glide from one layout to the next; until they are there, boxes and links are drawn on the way. */
  glide(from: Scene, to: Scene): void {
    if (!this.#isAnimated || to.flat.size > MAX_GLIDING_LINKS) return;
    this.#glide = { from, to, startMs: performance.now() };
    this.#dots.setShown(false);
    this.#requestPaint();
  }

  setDots(scene: Scene, dots: Uint8Array<ArrayBuffer>): void {
    this.#dots.setDots(scene, dots);
  }

  /** Off under reduced motion and in hidden tabs. */
  setAnimated(isAnimated: boolean): void {
    this.#isAnimated = isAnimated;
    this.#dots.setAnimated(isAnimated);
  }

  setCamera(camera: Camera): void {
    this.#camera = camera;
    this.#dots.setCamera(camera);
    this.#moveStill();
    if (!this.#covers()) this.#requestPaint();
    else if (this.#painted && this.#painted.k !== camera.k) {
      clearTimeout(this.#restTimer);
      this.#restTimer = setTimeout(() => this.#requestPaint(), ZOOM_REST_MS);
    }
  }

  destroy(): void {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#restTimer);
    this.#dots.destroy();
  }

  #requestPaint(): void {
    this.#needsPaint = true;
    this.#requestFrame();
  }

  #requestFrame(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(this.#onFrame);
  }

  readonly #onFrame = (): void => {
    this.#frame = 0;
    if (this.#needsPaint || this.#glide !== undefined) this.#paintNow();
    if (this.#glide !== undefined) this.#requestFrame();
  };

  #paintNow(): void {
    const context = this.#still.getContext('2d');
    if (!context || !this.#picture || !this.#palette) return;
    this.#needsPaint = false;
    const started = performance.now();
    const { x, y, k } = this.#camera;
    const { width, height, pixelRatio } = this.#size;
    const shifted = { x: x + width * OVERSIZE, y: y + height * OVERSIZE, k };
    const { picture, edges } = this.#shownAt(this.#picture, started);
    paintStatic(context, picture, edges, this.#palette, shifted, pixelRatio);
    this.#painted = this.#camera;
    this.#moveStill();
    this.paintMs.push(performance.now() - started);
    if (this.paintMs.length > 200) this.paintMs.shift();
    if (!this.#hasDrawn) performance.mark('map drawn');
    this.#hasDrawn = true;
  }

  /** The picture, or on the way between two layouts what of it is there by now. */
  #shownAt(picture: StaticPicture, nowMs: number): { picture: StaticPicture; edges: EdgeLayer } {
    const atRest = () => {
      this.#edges ??= buildEdgeLayer(picture.scene, picture.styles);
      return { picture, edges: this.#edges };
    };
    const glide = this.#glide;
    if (glide === undefined) return atRest();
    const time = (nowMs - glide.startMs) / GLIDE_MS;
    if (time >= 1) {
      this.#glide = undefined;
      this.#dots.setShown(true);
      return atRest();
    }
    const share = eased(Math.max(0, time));
    const { from, to } = glide;
    const boxes = picture.boxes.map((box) => ({ ...box, rect: boxBetween(from.boxes.get(box.id), box.rect, share) }));
    return { picture: { ...picture, boxes }, edges: buildEdgeLayer(linesBetween(from, to, share), picture.styles) };
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
}

function fitCanvas(canvas: HTMLCanvasElement, width: number, height: number, pixelRatio: number): void {
  canvas.width = Math.round(width * pixelRatio);
  canvas.height = Math.round(height * pixelRatio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
}
