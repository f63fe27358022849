// The page's end of the map's canvases: hands everything to a worker that paints, and puts what comes back into place.
// While the camera moves, the still canvas, which is larger than the view, is moved by CSS: a pan costs no painting.

import type { Scene } from '../scene.ts';
import { fontFiles } from './fonts.ts';
import { OVERSIZE, type Painted, type PaintOrder, type Size } from './paint-orders.ts';
import type { Palette } from './palette.ts';
import { type Camera, looksSame, type StaticPicture } from './static-layer.ts';

export class MapPainter {
  readonly #still: HTMLCanvasElement;
  readonly #dots: HTMLCanvasElement;
  readonly #worker: Worker;
  #scene: Scene | undefined;
  #picture: StaticPicture | undefined;
  #sentDots = new Uint8Array(0);
  #camera: Camera = { x: 0, y: 0, k: 1 };
  #painted: Camera | undefined;
  #size: Size = { width: 0, height: 0, pixelRatio: 1 };
  #font = '';

  /** Adds a canvas for the dots to `place`: one that was handed to a worker cannot be taken back. */
  constructor(still: HTMLCanvasElement, place: HTMLElement) {
    this.#still = still;
    this.#dots = document.createElement('canvas');
    place.append(this.#dots);
    this.#worker = new Worker(new URL('./paint-worker.ts', import.meta.url), { type: 'module' });
    const offscreen = this.#dots.transferControlToOffscreen();
    this.#worker.postMessage(offscreen, [offscreen]);
    this.#worker.onmessage = ({ data }: MessageEvent<Painted>) => this.#show(data);
  }

  setSize(width: number, height: number, pixelRatio: number): void {
    const same = this.#size.width === width && this.#size.height === height && this.#size.pixelRatio === pixelRatio;
    if (same || width === 0 || height === 0) return;
    this.#size = { width, height, pixelRatio };
    this.#dots.style.width = `${width}px`;
    this.#dots.style.height = `${height}px`;
    this.#send({ kind: 'size', ...this.#size });
  }

  setPalette(palette: Palette): void {
    this.#send({ kind: 'palette', palette, dots: { plain: palette.particle, lit: palette.accent } });
    if (palette.font === this.#font) return;
    this.#font = palette.font;
    this.#send({ kind: 'fonts', files: fontFiles(palette.font) });
  }

  /** Painted only if it looks different: figures move all the time, widths and words rarely. */
  setPicture(scene: Scene, picture: StaticPicture, glides: boolean): void {
    const isSameScene = scene === this.#scene;
    if (isSameScene && this.#picture !== undefined && looksSame(this.#picture, picture)) return;
    this.#scene = scene;
    this.#picture = picture;
    this.#send({ kind: 'picture', picture, lines: isSameScene ? undefined : scene.lines, glides });
    if (!isSameScene) this.#sentDots = new Uint8Array(0);
  }

  /** @param dots a byte for each line of the scene, in its order: see dotByte */
  setDots(dots: Uint8Array<ArrayBuffer>): void {
    const sent = this.#sentDots;
    if (dots.length === sent.length && dots.every((byte, index) => byte === sent[index])) return;
    this.#sentDots = dots;
    this.#send({ kind: 'dots', dots });
  }

  /** Off under reduced motion and in hidden tabs. */
  setAnimated(isAnimated: boolean): void {
    this.#send({ kind: 'animated', isAnimated });
  }

  setCamera({ x, y, k }: Camera): void {
    this.#camera = { x, y, k };
    this.#moveStill();
    this.#send({ kind: 'camera', camera: this.#camera });
  }

  destroy(): void {
    this.#worker.terminate();
    this.#dots.remove();
  }

  #send(order: PaintOrder): void {
    this.#worker.postMessage(order);
  }

  #show({ bitmap, camera }: Painted): void {
    const { width, height } = this.#size;
    if (this.#still.width !== bitmap.width) this.#still.width = bitmap.width;
    if (this.#still.height !== bitmap.height) this.#still.height = bitmap.height;
    this.#still.style.width = `${width * (1 + 2 * OVERSIZE)}px`;
    this.#still.style.height = `${height * (1 + 2 * OVERSIZE)}px`;
    this.#still.getContext('bitmaprenderer')?.transferFromImageBitmap(bitmap);
    if (this.#painted === undefined) performance.mark('map drawn');
    this.#painted = camera;
    this.#moveStill();
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
}
