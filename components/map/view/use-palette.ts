'use client';

// The colour tokens as the canvas needs them; read again when the theme's class or attribute lands on the page.

import { type RefObject, useLayoutEffect, useState } from 'react';
import { type Palette, readPalette } from '../draw/palette.ts';

export function usePalette(element: RefObject<Element | null>): Palette | undefined {
  const [palette, setPalette] = useState<Palette>();
  useLayoutEffect(() => {
    const read = () => {
      if (element.current) setPalette(readPalette(element.current));
    };
    read();
    const observer = new MutationObserver(read);
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ['class', 'data-theme', 'style'] });
    return () => observer.disconnect();
  }, [element]);
  return palette;
}
