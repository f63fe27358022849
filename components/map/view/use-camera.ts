'use client';

// Pan and zoom by d3-zoom: wheel, drag, pinch, and by call. The camera lives outside React; listeners are told of every
// move, and React only of where it came to rest.

import { select, type ZoomBehavior, type ZoomTransform, zoom, zoomIdentity, zoomTransform } from 'd3';
import { type RefObject, useEffect, useMemo, useRef } from 'react';
import type { Camera } from '../draw/static-layer.ts';
import type { Point, Rect } from '../routing/grid-metrics.ts';

export const MIN_ZOOM = 0.05;
export const MAX_ZOOM = 2.5;
const GLIDE_MS = 250;
/** A small map is not blown up beyond its natural size by more than this. */
const MAX_FIT_ZOOM = 1.1;

export interface CameraControls {
  readonly zoomBy: (factor: number) => void;
  readonly panBy: (dx: number, dy: number) => void;
  /** Shows a world rectangle inside the stage, less the given margins. */
  readonly fit: (world: Rect, isGliding: boolean) => void;
  /** Brings a point of the map into the middle. */
  readonly centreOn: (point: Point) => void;
  readonly camera: () => Camera;
  /** True once the reader moved the camera or a card since the last fit: then it stays where it is. */
  readonly isTaken: () => boolean;
  readonly take: () => void;
}

/** Room for the title row, the legend and the sides. */
const MARGIN = { top: 52, bottom: 48, side: 20 };

export function useCamera(stage: RefObject<HTMLElement | null>, onMove: (camera: Camera) => void): CameraControls {
  const behavior = useRef<ZoomBehavior<HTMLElement, unknown> | null>(null);
  const taken = useRef(false);
  const listener = useRef(onMove);
  listener.current = onMove;
  useEffect(() => {
    const element = stage.current;
    if (!element) return;
    const zooming = zoom<HTMLElement, unknown>()
      .scaleExtent([MIN_ZOOM, MAX_ZOOM])
      .clickDistance(4)
      .filter((event: Event) => isCameraGesture(event))
      .on('zoom', (event: { transform: ZoomTransform; sourceEvent: Event | null }) => {
        if (event.sourceEvent) taken.current = true;
        listener.current(event.transform);
      });
    behavior.current = zooming;
    const selection = select(element);
    selection.call(zooming).on('dblclick.zoom', null);
    return () => {
      selection.on('.zoom', null);
      behavior.current = null;
    };
  }, [stage]);
  return useMemo(() => controls(stage, behavior, taken), [stage]);
}

/** Cards are dragged, not panned by; buttons on the stage are neither. The wheel zooms wherever it is. */
function isCameraGesture(event: Event): boolean {
  const target = event.target instanceof Element ? event.target : null;
  if (event.type === 'wheel') return !target?.closest('select');
  if (event instanceof MouseEvent && event.button !== 0) return false;
  return !target?.closest('[data-map-card], [data-map-control]');
}

function controls(
  stage: RefObject<HTMLElement | null>,
  behavior: RefObject<ZoomBehavior<HTMLElement, unknown> | null>,
  taken: RefObject<boolean>,
): CameraControls {
  const apply = (change: (zooming: ZoomBehavior<HTMLElement, unknown>, element: HTMLElement) => void) => {
    if (stage.current && behavior.current) change(behavior.current, stage.current);
  };
  const glideMs = () => (window.matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : GLIDE_MS);
  return {
    zoomBy: (factor) =>
      apply((zooming, element) => {
        taken.current = true;
        select(element).transition().duration(glideMs()).call(zooming.scaleBy, factor);
      }),
    panBy: (dx, dy) =>
      apply((zooming, element) => {
        taken.current = true;
        const { k } = zoomTransform(element);
        select(element).call(zooming.translateBy, dx / k, dy / k);
      }),
    fit: (world, isGliding) =>
      apply((zooming, element) => {
        const { clientWidth: width, clientHeight: height } = element;
        if (world.width === 0 || width === 0) return;
        taken.current = false;
        const k = Math.max(
          MIN_ZOOM,
          Math.min(
            MAX_FIT_ZOOM,
            (width - 2 * MARGIN.side) / world.width,
            (height - MARGIN.top - MARGIN.bottom) / world.height,
          ),
        );
        const target = zoomIdentity
          .translate(
            width / 2 - (world.x + world.width / 2) * k,
            MARGIN.top + (height - MARGIN.top - MARGIN.bottom) / 2 - (world.y + world.height / 2) * k,
          )
          .scale(k);
        if (!isGliding || glideMs() === 0) select(element).call(zooming.transform, target);
        else select(element).transition().duration(glideMs()).call(zooming.transform, target);
      }),
    centreOn: ({ x, y }) =>
      apply((zooming, element) => {
        taken.current = true;
        select(element).call(zooming.translateTo, x, y);
      }),
    camera: () => {
      if (!stage.current) return { x: 0, y: 0, k: 1 };
      const { x, y, k } = zoomTransform(stage.current);
      return { x, y, k };
    },
    isTaken: () => taken.current,
    take: () => {
      taken.current = true;
    },
  };
}
