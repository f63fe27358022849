'use client';

import { type RefObject, useEffect, useState } from 'react';

/** The element's width in CSS pixels, as it changes; 1200 until it is known, so that the first paint is the common one. */
export function useElementWidth(element: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(1200);
  useEffect(() => {
    if (element.current === null) return;
    const observer = new ResizeObserver(([entry]) => entry && setWidth(entry.contentRect.width));
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return width;
}
