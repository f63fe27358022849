'use client';

import { useEffect, useState } from 'react';
import type { Scene } from '../scene.ts';

const GLIDE_MS = 300;
/** Classes of what glides; the canvas follows the same curve (draw/glide.ts). */
export const GLIDE = 'transition-[transform,width,opacity] duration-250 ease-out';

/** True for a moment after cards got new places, so that they glide there; never for the first picture. */
export function useGliding(scene: Scene): boolean {
  const [settled, setSettled] = useState(scene);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(scene), GLIDE_MS);
    return () => clearTimeout(timer);
  }, [scene]);
  return settled !== scene;
}
