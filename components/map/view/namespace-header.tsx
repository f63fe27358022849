'use client';

// The label strip of an open box: name, count, and the buttons that close it or step into it. Dragging it moves the box.

import { ChevronsDownUp, LogIn } from 'lucide-react';
import { memo, type PointerEvent } from 'react';
import type { ViewGroup } from '../graph/view-graph.ts';
import { BOX_SIDE, type Rect } from '../routing/grid-metrics.ts';
import { PinMark } from './pin-mark.tsx';
import { GLIDE } from './use-gliding.ts';

const BUTTON = 'grid size-5 place-items-center rounded-chip hover:bg-hover hover:text-fg';
const KINDS = {
  cluster: 'Cluster',
  namespace: 'Namespace',
  workload: 'Service',
  pod: 'Pod',
  outside: 'Outside',
} as const;

export interface NamespaceHeaderProps {
  readonly group: ViewGroup;
  readonly rect: Rect;
  readonly isFaded: boolean;
  readonly isGliding: boolean;
  readonly isPinned: boolean;
  readonly onPress: (groupId: string) => void;
  /** Absent where it cannot be stepped into. */
  readonly onStep: ((groupId: string) => void) | undefined;
  readonly onClose: (groupId: string) => void;
  readonly onUnpin: (groupId: string) => void;
  readonly onGrab: (event: PointerEvent<HTMLElement>, groupId: string) => void;
}

function NamespaceHeaderView(props: NamespaceHeaderProps) {
  const { group, rect, isFaded, onPress, onStep, onClose, onGrab } = props;
  return (
    <div
      className={`group absolute top-0 left-0 flex h-6 items-center text-2xs text-fg-3 ${isFaded ? 'opacity-70' : ''} ${props.isGliding ? GLIDE : ''}`}
      style={{ width: rect.width - 2 * BOX_SIDE, transform: `translate(${rect.x + BOX_SIDE}px, ${rect.y + 4}px)` }}
    >
      <button
        type="button"
        data-map-card={group.id}
        className="min-w-0 truncate rounded-chip px-0.5 font-medium hover:text-fg"
        aria-label={`${KINDS[group.kind]} ${group.title}, ${group.cardCount} inside; Backspace closes it`}
        onClick={() => onPress(group.id)}
        onPointerDown={(event) => onGrab(event, group.id)}
      >
        {group.title}
      </button>
      {props.isPinned && <PinMark title={group.title} onUnpin={() => props.onUnpin(group.id)} />}
      <span className="ml-auto pl-2 tabular-nums group-focus-within:hidden group-hover:hidden">{group.cardCount}</span>
      <span className="ml-auto hidden shrink-0 group-focus-within:flex group-hover:flex">
        {onStep && (
          <button
            type="button"
            data-map-control=""
            className={BUTTON}
            aria-label={`Step into ${group.title}`}
            title="Step into: only this, one scope down"
            onClick={() => onStep(group.id)}
          >
            <LogIn size={12} aria-hidden="true" />
          </button>
        )}
        <button
          type="button"
          data-map-control=""
          className={BUTTON}
          aria-label={`Close ${KINDS[group.kind].toLowerCase()} ${group.title}`}
          title="Close: show as one card"
          onClick={() => onClose(group.id)}
        >
          <ChevronsDownUp size={12} aria-hidden="true" />
        </button>
      </span>
    </div>
  );
}

export const NamespaceHeader = memo(NamespaceHeaderView);
