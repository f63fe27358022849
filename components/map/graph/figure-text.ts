// Figures as short text, always with a unit, three significant digits at most.

import type { MapMetric } from '../map-view-types.ts';
import { type Figures, metricValue } from './figures.ts';

export const METRIC_NAMES: Record<MapMetric, string> = {
  requests: 'Requests',
  flows: 'Flows',
  'error-share': 'Error share',
  'latency-p50': 'Latency p50',
  'latency-p99': 'Latency p99',
  bytes: 'Bytes',
  drops: 'Drops',
};

export function formatCount(value: number): string {
  if (value >= 1e9) return `${digits(value / 1e9)}G`;
  if (value >= 1e6) return `${digits(value / 1e6)}M`;
  if (value >= 1e3) return `${digits(value / 1e3)}k`;
  return digits(value);
}

export function formatBytes(value: number): string {
  if (value >= 1e9) return `${digits(value / 1e9)} GB`;
  if (value >= 1e6) return `${digits(value / 1e6)} MB`;
  if (value >= 1e3) return `${digits(value / 1e3)} kB`;
  return `${digits(value)} B`;
}

export function formatMs(value: number): string {
  if (value >= 1000) return `${digits(value / 1000)} s`;
  if (value >= 1) return `${digits(value)} ms`;
  return `${digits(value * 1000)} \u00b5s`;
}

export function formatShare(value: number): string {
  return `${digits(value * 100)}%`;
}

function digits(value: number): string {
  if (value >= 100) return value.toFixed(0);
  if (value >= 10) return trim(value.toFixed(1));
  return trim(value.toFixed(2));
}

function trim(text: string): string {
  return text.replace(/\.?0+$/, '');
}

/** The line under a card's name. What has no requests says its flows instead, and says that they are flows. */
export function cardLine(figures: Figures, metric: MapMetric, seconds: number): string {
  const value = metricValue(figures, metric, seconds);
  if (value === undefined) {
    return metric === 'requests' ? `${formatCount(figures.flows / seconds)} flows/s` : '\u2013';
  }
  switch (metric) {
    case 'requests':
      return `${formatCount(value)}/s`;
    case 'flows':
      return `${formatCount(value)} flows/s`;
    case 'bytes':
      return `${formatBytes(value)}/s`;
    case 'drops':
      return `${formatCount(value)} drops/s`;
    case 'error-share':
      return `${formatShare(value)} errors`;
    case 'latency-p50':
      return `${formatMs(value)} p50`;
    case 'latency-p99':
      return `${formatMs(value)} p99`;
  }
}

/** Every figure as label and text, for tooltips and screen readers; those not measured are left out. */
export function figureLines(figures: Figures, seconds: number): { label: string; text: string }[] {
  const lines: { label: string; text: string }[] = [];
  if (figures.requests > 0) lines.push({ label: 'Requests', text: `${formatCount(figures.requests / seconds)}/s` });
  lines.push({ label: 'Flows', text: `${formatCount(figures.flows / seconds)}/s` });
  if (figures.responses > 0) lines.push({ label: 'Errors', text: formatShare(figures.errors / figures.responses) });
  if (figures.p50Ms !== undefined && figures.p99Ms !== undefined) {
    lines.push({ label: 'p50 / p99', text: `${formatMs(figures.p50Ms)} / ${formatMs(figures.p99Ms)}` });
  }
  if (figures.bytes > 0) lines.push({ label: 'Bytes', text: `${formatBytes(figures.bytes / seconds)}/s` });
  if (figures.dropped > 0) lines.push({ label: 'Dropped', text: `${formatCount(figures.dropped / seconds)}/s` });
  return lines;
}

/** Cuts the middle, where Kubernetes names differ least; `maxLetters` counts the ellipsis. */
export function middleEllipsis(text: string, maxLetters: number): string {
  if (text.length <= maxLetters) return text;
  const tail = Math.floor((maxLetters - 1) / 2);
  return `${text.slice(0, maxLetters - 1 - tail)}\u2026${text.slice(text.length - tail)}`;
}
