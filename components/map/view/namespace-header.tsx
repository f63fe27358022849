'use client';

// The label strip of an open namespace's box: name, count, and the button that closes it. Dragging it moves the box.

import { ChevronsDownUp } from 'lucide-react';
import { memo, type PointerEvent } from 'react';
import type { ViewGroup } from '../graph/view-graph.ts';
import { BOX_SIDE, type Rect } from '../routing/grid-metrics.ts';

export interface NamespaceHeaderProps {
  readonly group: ViewGroup;
  readonly rect: Rect;
  readonly isFaded: boolean;
  readonly onPress: (groupId: string) => void;
  readonly onClose: (groupId: string) => void;
  readonly onGrab: (event: PointerEvent<HTMLElement>, groupId: string) => void;
}

function NamespaceHeaderView({ group, rect, isFaded, onPress, onClose, onGrab }: NamespaceHeaderProps) {
  return (
    <div
      className={`group absolute top-0 left-0 flex h-6 items-center text-2xs text-fg-3 ${isFaded ? 'opacity-50' : ''}`}
      style={{ width: rect.width - 2 * BOX_SIDE, transform: `translate(${rect.x + BOX_SIDE}px, ${rect.y + 4}px)` }}
    >
      <button
        type="button"
        data-map-card={group.id}
        className="min-w-0 truncate rounded-chip px-0.5 font-medium hover:text-fg"
        aria-label={`Namespace ${group.title}, ${group.memberIds.length} services`}
        onClick={() => onPress(group.id)}
        onPointerDown={(event) => onGrab(event, group.id)}
      >
        {group.title}
      </button>
      <span className="ml-auto pl-2 tabular-nums group-focus-within:hidden group-hover:hidden">
        {group.memberIds.length}
      </span>
      <button
        type="button"
        data-map-control=""
        className="ml-auto hidden size-5 shrink-0 place-items-center rounded-chip hover:bg-hover hover:text-fg group-focus-within:grid group-hover:grid"
        aria-label={`Close namespace ${group.title}`}
        title="Close: show as one card"
        onClick={() => onClose(group.id)}
      >
        <ChevronsDownUp size={12} aria-hidden="true" />
      </button>
    </div>
  );
}

export const NamespaceHeader = memo(NamespaceHeaderView);
