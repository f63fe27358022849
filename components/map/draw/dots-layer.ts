// The page's end of the dots: puts their canvas into a place, in a worker where browsers can, and sends on only what is
// new. Paths are sent with a layout, counts when one changed.

import type { Scene } from '../scene.ts';
import { type DotsOrder, DotsPainter } from './dots-painter.ts';
import type { DotColours } from './flow-dots.ts';
import type { Camera } from './static-layer.ts';

export class DotsLayer {
  readonly #canvas: HTMLCanvasElement;
  readonly #send: (order: DotsOrder) => void;
  readonly #stop: () => void;
  #scene: Scene | undefined;
  #dots = new Uint8Array(0);

  /** Adds its canvas to `place`. */
  constructor(place: HTMLElement) {
    const canvas = document.createElement('canvas');
    this.#canvas = canvas;
    canvas.style.pointerEvents = 'none';
    place.append(canvas);
    if (typeof canvas.transferControlToOffscreen !== 'function') {
      const painter = new DotsPainter(canvas);
      this.#send = (order) => painter.take(order);
      this.#stop = () => painter.take({ kind: 'stop' });
      return;
    }
    const worker = new Worker(new URL('./dots-worker.ts', import.meta.url), { type: 'module' });
    const offscreen = canvas.transferControlToOffscreen();
    worker.postMessage(offscreen, [offscreen]);
    this.#send = (order) => worker.postMessage(order);
    this.#stop = () => worker.terminate();
  }

  setSize(width: number, height: number, pixelRatio: number): void {
    this.#canvas.style.width = `${width}px`;
    this.#canvas.style.height = `${height}px`;
    this.#send({ kind: 'size', width, height, pixelRatio });
  }

  setColours(colours: DotColours): void {
    this.#send({ kind: 'colours', colours });
  }

  /** @param dots a byte for each path of the scene, in its order: see dotByte */
  setDots(scene: Scene, dots: Uint8Array<ArrayBuffer>): void {
    const isSame = dots.length === this.#dots.length && dots.every((byte, index) => byte === this.#dots[index]);
    if (scene !== this.#scene) this.#send({ kind: 'paths', paths: [...scene.flat.values()], dots });
    else if (!isSame) this.#send({ kind: 'dots', dots });
    this.#scene = scene;
    this.#dots = dots;
  }

  setCamera({ x, y, k }: Camera): void {
    this.#send({ kind: 'camera', camera: { x, y, k } });
  }

  setAnimated(isAnimated: boolean): void {
    this.#send({ kind: 'animated', isAnimated });
  }

  setShown(isShown: boolean): void {
    this.#send({ kind: 'shown', isShown });
  }

  destroy(): void {
    this.#stop();
    this.#canvas.remove();
  }
}
