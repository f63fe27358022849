'use client';

// The cross on a link that was dropped: a button that says how many and why. Keeps its size when the map is far.

import { memo } from 'react';
import type { Point } from '../routing/grid-metrics.ts';
import { GLIDE } from './use-gliding.ts';

export interface DropMarkerProps {
  readonly linkId: string;
  readonly at: Point;
  readonly label: string;
  /** Some flows passed too: a smaller sign. */
  readonly isPartial: boolean;
  readonly isFaded: boolean;
  readonly isGliding: boolean;
  readonly onPress: (linkId: string) => void;
  readonly onHover: (linkId: string | null) => void;
}

function DropMarkerView({ linkId, at, label, isPartial, isFaded, isGliding, onPress, onHover }: DropMarkerProps) {
  return (
    <button
      type="button"
      data-map-control=""
      aria-label={label}
      onClick={() => onPress(linkId)}
      onPointerEnter={() => onHover(linkId)}
      onPointerLeave={() => onHover(null)}
      onFocus={() => onHover(linkId)}
      onBlur={() => onHover(null)}
      className={`-ml-3 -mt-3 absolute top-0 left-0 grid size-6 place-items-center rounded-full ${isFaded ? 'opacity-40' : ''} ${isGliding ? GLIDE : ''}`}
      style={{ transform: `translate(${at.x}px, ${at.y}px) scale(max(1, calc(0.7 / var(--map-zoom, 1))))` }}
    >
      <svg aria-hidden="true" viewBox="0 0 20 20" className={isPartial ? 'size-3.5' : 'size-[18px]'}>
        <circle cx="10" cy="10" r="8.4" className="fill-bg stroke-bad" strokeWidth="1.6" />
        <path d="M7.2 7.2 12.8 12.8M12.8 7.2 7.2 12.8" className="stroke-bad" strokeWidth="1.6" strokeLinecap="round" />
      </svg>
    </button>
  );
}

export const DropMarker = memo(DropMarkerView);
