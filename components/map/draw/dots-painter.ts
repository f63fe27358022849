// Owns the canvas of the moving dots: in a worker where a canvas can be handed to one, else on the page's own thread.
// Told what changed; paints by itself, 30 times a second while anything moves.

import type { FlatPath } from '../routing/rounded-path.ts';
import { type DotColours, paintDots } from './flow-dots.ts';
import type { Camera } from './static-layer.ts';

/** Everything that a painter of dots is told; plain data, so that it can cross to a worker. */
export type DotsOrder =
  | { readonly kind: 'size'; readonly width: number; readonly height: number; readonly pixelRatio: number }
  | { readonly kind: 'colours'; readonly colours: DotColours }
  | { readonly kind: 'paths'; readonly paths: readonly FlatPath[]; readonly dots: Uint8Array }
  /** A byte for each path of the last `paths`. */
  | { readonly kind: 'dots'; readonly dots: Uint8Array }
  | { readonly kind: 'camera'; readonly camera: Camera }
  /** Off under reduced motion and in hidden tabs: the dots then stand where they are at time 0. */
  | { readonly kind: 'animated'; readonly isAnimated: boolean }
  /** Not drawn while cards glide: their paths are not there yet. */
  | { readonly kind: 'shown'; readonly isShown: boolean }
  | { readonly kind: 'stop' };

/** Dots at 30 frames a second look as smooth as at 60, for half of the work. */
const FRAME_MS = 32;

export class DotsPainter {
  readonly #canvas: HTMLCanvasElement | OffscreenCanvas;
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

  constructor(canvas: HTMLCanvasElement | OffscreenCanvas) {
    this.#canvas = canvas;
  }

  take(order: DotsOrder): void {
    switch (order.kind) {
      case 'size':
        this.#size = order;
        this.#canvas.width = Math.round(order.width * order.pixelRatio);
        this.#canvas.height = Math.round(order.height * order.pixelRatio);
        break;
      case 'colours':
        this.#colours = order.colours;
        break;
      case 'paths':
        this.#paths = order.paths;
        this.#dots = order.dots;
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
      case 'shown':
        this.#isShown = order.isShown;
        break;
      case 'stop':
        cancelAnimationFrame(this.#frame);
        return;
    }
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
    const context = this.#canvas.getContext('2d') as
      | CanvasRenderingContext2D
      | OffscreenCanvasRenderingContext2D
      | null;
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
