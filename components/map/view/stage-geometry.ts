// Between the screen and the map: what is in view, which cell is under a dropped card, what a hit selects.

import type { Camera } from '../draw/static-layer.ts';
import type { MapSelection } from '../map-view-types.ts';
import { BOX_SIDE, BOX_TOP, type Point, type Rect, ROW_PITCH } from '../routing/grid-metrics.ts';
import type { Hit } from '../routing/hit-index.ts';
import type { Scene } from '../scene.ts';
import type { SceneSnapshot } from '../scene-keeper.ts';
import type { Drag } from './use-drag.ts';

/** Cards this far outside the view, in screen pixels, are already in the DOM when they are panned in. */
const CULL_MARGIN = 240;

export function selectionOf(hit: Hit, { graph }: SceneSnapshot): MapSelection | null {
  if (hit.kind === 'link') {
    const link = graph.links.get(hit.id);
    return link ? { kind: 'edge', sourceId: link.sourceId, destinationId: link.destinationId } : null;
  }
  const group = graph.groups.get(hit.id);
  if (group) return { kind: 'namespace', cluster: group.cluster, namespace: group.namespace };
  return { kind: 'vertex', id: hit.id };
}

export function isSameHit(left: Hit | undefined, right: Hit | undefined): boolean {
  return left?.kind === right?.kind && left?.id === right?.id;
}

/** Ids of cards in or near the view, in reading order, so that Tab goes from left to right and top to bottom. */
export function cardsInView(scene: Scene, camera: Camera, size: { width: number; height: number }): string[] {
  const margin = CULL_MARGIN / camera.k;
  const left = -camera.x / camera.k - margin;
  const top = -camera.y / camera.k - margin;
  const right = left + size.width / camera.k + 2 * margin;
  const bottom = top + size.height / camera.k + 2 * margin;
  return [...scene.cards]
    .filter(([, rect]) => rect.x + rect.width > left && rect.x < right && rect.y + rect.height > top && rect.y < bottom)
    .sort(([, one], [, other]) => one.x - other.x || one.y - other.y)
    .map(([id]) => id);
}

export function moved(rect: Rect, drag: Drag | null, id: string): Rect {
  return drag?.id === id ? { ...rect, x: rect.x + drag.dx, y: rect.y + drag.dy } : rect;
}

/** A box is placed by its first cell, not by its frame. */
export function cornerOf(box: Rect | undefined): Point | undefined {
  return box && { x: box.x + BOX_SIDE, y: box.y + BOX_TOP };
}

export function cellAt(scene: Scene, x: number, y: number): { column: number; row: number } {
  let column = 0;
  let nearest = Number.POSITIVE_INFINITY;
  const last = (scene.columnXs.at(-1) ?? 0) + scene.cardWidth + (scene.gutters.at(-1) ?? 0);
  [...scene.columnXs, last].forEach((start, index) => {
    const distance = Math.abs(start - x);
    if (distance < nearest) {
      nearest = distance;
      column = index;
    }
  });
  return { column, row: Math.round(y / ROW_PITCH) };
}

export function pointIn(stage: HTMLElement | null, event: { clientX: number; clientY: number }): Point {
  const bounds = stage?.getBoundingClientRect();
  return { x: event.clientX - (bounds?.left ?? 0), y: event.clientY - (bounds?.top ?? 0) };
}
