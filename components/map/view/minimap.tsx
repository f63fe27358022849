'use client';

// The whole map in a corner while only a part of it is in view, with a frame around that part. Pressing or dragging moves
// the view there. Drawn once a layout; the frame follows the camera without React.

import { memo, type PointerEvent, type Ref, useImperativeHandle, useMemo, useRef } from 'react';
import type { Camera } from '../draw/static-layer.ts';
import type { Point, Rect } from '../routing/grid-metrics.ts';
import type { Scene } from '../scene.ts';

const WIDTH = 168;
const MAX_HEIGHT = 112;

export interface MinimapHandle {
  readonly follow: (camera: Camera) => void;
}

export interface MinimapProps {
  readonly scene: Scene;
  readonly camera: Camera;
  readonly size: { readonly width: number; readonly height: number };
  readonly onGo: (middle: Point) => void;
  readonly ref: Ref<MinimapHandle>;
}

/** True where more of the map is outside the view than a margin. */
export function exceedsView(bounds: Rect, camera: Camera, size: { width: number; height: number }): boolean {
  const view = viewOf(camera, size);
  const slack = 24 / camera.k;
  return (
    bounds.x < view.x - slack ||
    bounds.y < view.y - slack ||
    bounds.x + bounds.width > view.x + view.width + slack ||
    bounds.y + bounds.height > view.y + view.height + slack
  );
}

function MinimapView({ scene, camera, size, onGo, ref }: MinimapProps) {
  const { bounds } = scene;
  const svg = useRef<SVGSVGElement>(null);
  const frame = useRef<SVGRectElement>(null);
  useImperativeHandle(ref, () => ({
    follow: (next) => {
      const view = viewOf(next, size);
      for (const name of ['x', 'y', 'width', 'height'] as const) frame.current?.setAttribute(name, String(view[name]));
    },
  }));
  const [boxes, cards] = useMemo(() => [outlines(scene.boxes.values()), outlines(scene.cards.values())], [scene]);
  const height = Math.min(MAX_HEIGHT, (WIDTH * bounds.height) / Math.max(1, bounds.width));
  const go = (event: PointerEvent<SVGSVGElement>) => {
    const matrix = svg.current?.getScreenCTM()?.inverse();
    if (matrix === undefined || event.buttons === 0) return;
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix);
    onGo({ x, y });
  };
  const view = viewOf(camera, size);
  return (
    <svg
      ref={svg}
      data-map-control=""
      aria-hidden="true"
      viewBox={`${bounds.x} ${bounds.y} ${bounds.width} ${bounds.height}`}
      width={WIDTH}
      height={Math.max(24, height)}
      className="absolute right-3 bottom-12 z-10 cursor-pointer overflow-hidden rounded-control border border-line bg-bg/90 shadow-card max-md:hidden"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        go(event);
      }}
      onPointerMove={go}
    >
      <path d={boxes} className="fill-group stroke-group-line" vectorEffect="non-scaling-stroke" />
      <path d={cards} className="fill-fg-3" />
      <rect
        ref={frame}
        {...view}
        className="fill-accent/10 stroke-accent"
        strokeWidth="1.5"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}

export const Minimap = memo(MinimapView);

function viewOf({ x, y, k }: Camera, { width, height }: { width: number; height: number }): Rect {
  return { x: -x / k, y: -y / k, width: width / k, height: height / k };
}

/** All rectangles as one path: two thousand elements would be two thousand to lay out. */
function outlines(rects: Iterable<Rect>): string {
  return [...rects].map(({ x, y, width, height }) => `M${x} ${y}h${width}v${height}h${-width}z`).join('');
}
