// Between the screen and the map: what is in view, which cell is under a dropped card, what a hit selects.

import type { Camera } from '../draw/static-layer.ts';
import type { MapSelection, StepTarget } from '../map-view-types.ts';
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
  const container = graph.vertices.get(hit.id)?.container ?? graph.groups.get(hit.id);
  if (container === undefined) return { kind: 'vertex', id: hit.id };
  const { kind, cluster, namespace } = container;
  if (kind === 'namespace' || kind === 'outside') return { kind: 'namespace', cluster, namespace };
  return { kind: 'container', id: container.id };
}

/** The box that a card stands in, or that a box's own header is of; '' for a loose card. */
export function groupOf(id: string, { graph }: SceneSnapshot): string {
  return graph.groups.has(id) ? id : (graph.vertices.get(id)?.groupId ?? '');
}

/** What stepping into a card or a box shows: one scope down. Undefined where there is nothing inside. */
export function stepOf(id: string, { graph }: SceneSnapshot): StepTarget | undefined {
  const card = graph.vertices.get(id);
  const container = card?.container ?? graph.groups.get(id);
  if (container !== undefined) {
    const { kind, cluster, namespace, name } = container;
    return kind === 'outside' ? undefined : { kind, cluster, namespace, name };
  }
  const vertex = card?.vertex;
  if (vertex?.kind !== 'workload' || vertex.namespace === '') return undefined;
  const { cluster, namespace, name, pod } = vertex;
  return { kind: pod === '' ? 'workload' : 'pod', cluster, namespace, name };
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
