'use client';

// The painter of a stage's two canvases, told of size, colours and whether anything may move.

import { type RefObject, useEffect, useRef } from 'react';
import { MapPainter } from '../draw/map-painter.ts';
import { useMotionAllowed } from './use-motion-allowed.ts';
import { usePalette } from './use-palette.ts';
import type { StageSize } from './use-stage-size.ts';

/** @returns null before the canvases are there and after they went. */
export function usePainter(
  stage: RefObject<HTMLElement | null>,
  still: RefObject<HTMLCanvasElement | null>,
  moving: RefObject<HTMLElement | null>,
  size: StageSize,
): RefObject<MapPainter | null> {
  const painter = useRef<MapPainter | null>(null);
  const palette = usePalette(stage);
  const isMotionAllowed = useMotionAllowed();
  useEffect(() => {
    if (!still.current || !moving.current) return;
    const made = new MapPainter(still.current, moving.current);
    painter.current = made;
    return () => {
      made.destroy();
      painter.current = null;
    };
  }, [still, moving]);
  useEffect(() => painter.current?.setSize(size.width, size.height, size.pixelRatio), [size]);
  useEffect(() => {
    if (palette) painter.current?.setPalette(palette);
  }, [palette]);
  useEffect(() => painter.current?.setAnimated(isMotionAllowed), [isMotionAllowed]);
  return painter;
}
