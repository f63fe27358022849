'use client';

// Dragging a card or a box's label to another cell. A press that moves less than 4 px stays a press.

import { type PointerEvent as ReactPointerEvent, useCallback, useRef, useState } from 'react';
import type { Camera } from '../draw/static-layer.ts';

export interface Drag {
  readonly id: string;
  /** World pixels from where it was taken. */
  readonly dx: number;
  readonly dy: number;
}

const SLACK = 4;

export function useDrag(camera: () => Camera, onDrop: (drag: Drag) => void) {
  const [drag, setDrag] = useState<Drag | null>(null);
  const hasMoved = useRef(false);
  const grab = useCallback(
    (event: ReactPointerEvent<HTMLElement>, id: string) => {
      if (event.button !== 0) return;
      const element = event.currentTarget;
      const { clientX, clientY, pointerId } = event;
      const stop = new AbortController();
      let latest: Drag | null = null;
      hasMoved.current = false;
      const options = { signal: stop.signal };
      // On the window: the first move of a quick hand is beside the card already.
      window.addEventListener(
        'pointermove',
        (move: PointerEvent) => {
          if (move.pointerId !== pointerId) return;
          const [x, y] = [move.clientX - clientX, move.clientY - clientY];
          if (!latest && Math.hypot(x, y) < SLACK) return;
          if (!latest) element.setPointerCapture(pointerId);
          hasMoved.current = true;
          const { k } = camera();
          latest = { id, dx: x / k, dy: y / k };
          setDrag(latest);
        },
        options,
      );
      const finish = (isDropped: boolean) => {
        stop.abort();
        setDrag(null);
        if (latest && isDropped) onDrop(latest);
      };
      element.addEventListener('pointerup', () => finish(true), options);
      element.addEventListener('pointercancel', () => finish(false), options);
      element.addEventListener('lostpointercapture', () => finish(false), options);
      window.addEventListener('pointerup', () => finish(true), options);
    },
    [camera, onDrop],
  );
  /** True once after a drag, for the click the browser sends at its end. */
  const consumedClick = useCallback(() => {
    const moved = hasMoved.current;
    hasMoved.current = false;
    return moved;
  }, []);
  return { drag, grab, consumedClick };
}
