// What the page tells the painter of a map, and what it gets back. Plain data: the painter lives in a worker.

import type { LineTable } from '../routing/line-table.ts';
import type { DotColours } from './flow-dots.ts';
import type { FontFile } from './fonts.ts';
import type { Palette } from './palette.ts';
import type { Camera, StaticPicture } from './static-layer.ts';

export interface Size {
  readonly width: number;
  readonly height: number;
  readonly pixelRatio: number;
}

export type PaintOrder =
  | ({ readonly kind: 'size' } & Size)
  | { readonly kind: 'palette'; readonly palette: Palette; readonly dots: DotColours }
  /** The page's own fonts, which a worker does not have by itself. */
  | { readonly kind: 'fonts'; readonly files: readonly FontFile[] }
  /** `lines` where they are others than those of the picture before; `glides` where they come from there bit by bit. */
  | {
      readonly kind: 'picture';
      readonly picture: StaticPicture;
      readonly lines?: LineTable | undefined;
      readonly glides: boolean;
    }
  /** A byte for each line: see dotByte. */
  | { readonly kind: 'dots'; readonly dots: Uint8Array }
  | { readonly kind: 'camera'; readonly camera: Camera }
  /** Off under reduced motion and in hidden tabs: the dots then stand where they are at time 0. */
  | { readonly kind: 'animated'; readonly isAnimated: boolean }
  | { readonly kind: 'stop' };

/** The still layer, painted for a camera: larger than the view by OVERSIZE on every side. */
export interface Painted {
  readonly bitmap: ImageBitmap;
  readonly camera: Camera;
}

/** Painted beyond the view on every side, as a share of it. */
export const OVERSIZE = 0.3;
