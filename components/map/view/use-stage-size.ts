'use client';

// The stage's size in CSS pixels and the screen's pixel ratio, kept up to date.

import { type RefObject, useLayoutEffect, useState } from 'react';

export interface StageSize {
  readonly width: number;
  readonly height: number;
  readonly pixelRatio: number;
}

/** Beyond twice the pixels nobody sees the difference, and the canvas costs four times as much. */
const MAX_PIXEL_RATIO = 2;

export function useStageSize(element: RefObject<HTMLElement | null>): StageSize {
  const [size, setSize] = useState<StageSize>({ width: 0, height: 0, pixelRatio: 1 });
  useLayoutEffect(() => {
    if (!element.current) return;
    const read = () => {
      const { clientWidth: width = 0, clientHeight: height = 0 } = element.current ?? {};
      const pixelRatio = Math.min(MAX_PIXEL_RATIO, window.devicePixelRatio || 1);
      setSize((old) =>
        old.width === width && old.height === height && old.pixelRatio === pixelRatio
          ? old
          : { width, height, pixelRatio },
      );
    };
    read();
    const observer = new ResizeObserver(read);
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return size;
}
