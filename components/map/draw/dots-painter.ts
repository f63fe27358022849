// Owns the canvas of the moving dots. Told what changed; paints by itself, 30 times a second while anything moves.

import type { FlatPath } from '../routing/rounded-path.ts';
import { type DotColours, paintDots } from './flow-dots.ts';
import type { PaintOrder } from './paint-orders.ts';
import type { Camera } from './static-layer.ts';

/** Dots at 30 frames a second look as smooth as at 60, for half of the work. */
const FRAME_MS = 32;

export class DotsPainter {
  readonly #canvas: OffscreenCanvas;
  #size = { width: 0, height: 0, pixelRatio: 1 };
  #colours: DotColours | undefined;
  #paths: readonly FlatPath[] = [];
  #dots: Uint8Array = new Uint8Array(0);
  #camera: Camera = { x: 0, y: 0, k: 1 };
  #isAnimated = true;
  #isShown = true;
  #isDirty = false;
  #frame = 0;
  #paintedMs = 0;

  constructor(canvas: OffscreenCanvas) {
    this.#canvas = canvas;
  }

  take(order: PaintOrder): void {
    switch (order.kind) {
      case 'size':
        this.#size = order;
        this.#canvas.width = Math.round(order.width * order.pixelRatio);
        this.#canvas.height = Math.round(order.height * order.pixelRatio);
        break;
      case 'palette':
        this.#colours = order.dots;
        break;
      case 'dots':
        this.#dots = order.dots;
        break;
      case 'camera':
        this.#camera = order.camera;
        break;
      case 'animated':
        this.#isAnimated = order.isAnimated;
        break;
      case 'picture':
      case 'fonts':
        return;
      case 'stop':
        cancelAnimationFrame(this.#frame);
        return;
    }
    this.#isDirty = true;
    this.#request();
  }

  /** Dots of other paths than before are not drawn until they come, too. */
  setPaths(paths: readonly FlatPath[]): void {
    this.#paths = paths;
    this.#dots = new Uint8Array(0);
  }

  /** Not while cards glide: the paths are where the cards will be. */
  setShown(isShown: boolean): void {
    this.#isShown = isShown;
    this.#isDirty = true;
    this.#request();
  }

  #request(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(this.#onFrame);
  }

  readonly #onFrame = (timeMs: number): void => {
    this.#frame = 0;
    if (this.#isDirty || timeMs - this.#paintedMs >= FRAME_MS) {
      this.#paintedMs = timeMs;
      this.#isDirty = false;
      this.#paint(this.#isAnimated ? timeMs : 0);
    }
    if (this.#isAnimated && this.#isShown && this.#paths.length > 0) this.#request();
  };

  #paint(timeMs: number): void {
    const context = this.#canvas.getContext('2d');
    if (context === null) return;
    const { width, height, pixelRatio } = this.#size;
    const { x, y, k } = this.#camera;
    context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
    context.clearRect(0, 0, width, height);
    if (this.#colours === undefined || !this.#isShown) return;
    const view = { x: -x / k, y: -y / k, width: width / k, height: height / k };
    paintDots(context, this.#paths, this.#dots, this.#colours, this.#camera, view, timeMs);
  }
}
