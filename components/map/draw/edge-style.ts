// How a link looks: width from the chosen figure, colour and dash from its status, emphasis from the selection.
// Widths come in steps, so that all links of a look are stroked as one path.

import { type Figures, metricValue, type Status } from '../graph/figures.ts';
import type { EdgeMark, MapMetric } from '../map-view-types.ts';

export type Emphasis = 'plain' | 'lit' | 'faded';

export interface EdgeStyle {
  readonly status: Status;
  readonly emphasis: Emphasis;
  readonly width: number;
  /** What a plan would make of it; takes the place of the status. */
  readonly mark?: EdgeMark | undefined;
}

/** Each look once, and which of them a line has, in the order of the lines. */
export interface EdgeStyles {
  readonly styles: readonly EdgeStyle[];
  readonly styleOf: Uint8Array;
}

const MIN_WIDTH = 0.9;
const MAX_WIDTH = 2.9;
const WIDTH_STEP = 0.4;

export function edgeWidth(figures: Figures | undefined, metric: MapMetric, seconds: number): number {
  if (!figures) return MIN_WIDTH;
  const value = metricValue(figures, metric, seconds) ?? 0;
  const wide = MIN_WIDTH + growth(value, metric);
  return MIN_WIDTH + Math.round((Math.min(MAX_WIDTH, wide) - MIN_WIDTH) / WIDTH_STEP) * WIDTH_STEP;
}

/** Pixels beyond the thinnest line; logarithmic, since traffic spans orders of magnitude. */
function growth(value: number, metric: MapMetric): number {
  switch (metric) {
    case 'requests':
    case 'flows':
    case 'drops':
      return 0.6 * Math.log10(Math.max(1, value));
    case 'bytes':
      return 0.5 * Math.log10(Math.max(1, value / 1000));
    case 'error-share':
      return value * 4;
    case 'latency-p50':
    case 'latency-p99':
      return 0.6 * Math.log10(Math.max(1, value));
  }
}

export function styleKey(style: EdgeStyle): string {
  return `${style.status} ${style.emphasis} ${style.width.toFixed(1)} ${style.mark ?? ''}`;
}
