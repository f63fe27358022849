'use client';

// One card in the DOM: a real button, so that it can be focused, read aloud and pressed. Positioned by its transform
// in world pixels; the layer around it carries the camera.

import { memo, type PointerEvent } from 'react';
import { middleEllipsis } from '../graph/figure-text.ts';
import type { Status } from '../graph/figures.ts';
import { insideText } from '../graph/map-scope.ts';
import type { ViewVertex } from '../graph/view-graph.ts';
import type { Rect } from '../routing/grid-metrics.ts';
import { PinMark } from './pin-mark.tsx';
import { StatusMark } from './status-mark.tsx';
import { GLIDE } from './use-gliding.ts';
import { iconOf } from './vertex-icon.tsx';

export interface ServiceCardProps {
  readonly card: ViewVertex;
  readonly rect: Rect;
  readonly line: string;
  readonly label: string;
  readonly status: Status;
  readonly isSelected: boolean;
  readonly isLit: boolean;
  readonly isFaded: boolean;
  readonly isPinned: boolean;
  /** Clusters in which the same service stands, this one among them; 0 for a service of one. */
  readonly clusterCount: number;
  /** Follows the card to a new place in 250 ms; off while it is being dragged. */
  readonly isGliding: boolean;
  readonly onPress: (id: string) => void;
  readonly onOpen: (id: string) => void;
  readonly onUnpin: (id: string) => void;
  readonly onFocus: (id: string | null) => void;
  readonly onGrab: (event: PointerEvent<HTMLElement>, id: string) => void;
}

/** Geist at 12.5 px, weight 500; the card's fixed parts take 68 px. */
const LETTER_WIDTH = 6.5;
const FIXED_WIDTH = 68;

function ServiceCardView(props: ServiceCardProps) {
  const { card, rect, status } = props;
  const Icon = iconOf(card);
  const isOutside = card.vertex?.kind === 'external' || card.vertex?.kind === 'reserved';
  const isStack = card.container !== undefined;
  const surface = isOutside ? 'border-dashed bg-bg' : 'bg-raised shadow-card';
  const border = props.isSelected
    ? 'border-accent ring-3 ring-accent-soft'
    : props.isLit
      ? 'border-accent/70'
      : status === 'bad'
        ? 'border-bad/80'
        : 'border-line-strong/80 hover:border-fg-3/70';
  const place = { width: rect.width, transform: `translate(${rect.x}px, ${rect.y}px)` };
  const glide = props.isGliding ? GLIDE : 'transition-opacity duration-150';
  return (
    <>
      <button
        type="button"
        data-map-card={card.id}
        aria-label={props.label}
        aria-pressed={props.isSelected}
        onClick={() => props.onPress(card.id)}
        onDoubleClick={() => props.onOpen(card.id)}
        onFocus={() => props.onFocus(card.id)}
        onBlur={() => props.onFocus(null)}
        onPointerDown={(event) => props.onGrab(event, card.id)}
        className={`absolute top-0 left-0 flex h-11 items-center gap-2.5 rounded-card border px-2.5 text-left ${surface} ${border} ${
          props.isFaded ? 'opacity-60' : ''
        } ${glide}`}
        style={place}
      >
        {props.clusterCount > 1 && (
          <span
            aria-hidden="true"
            className="-inset-1 pointer-events-none absolute rounded-[14px] border border-line-strong/80 border-dotted"
          />
        )}
        {isStack && (
          <span
            aria-hidden="true"
            className="-bottom-1 absolute inset-x-2 h-2 rounded-b-lg border border-line-strong/80 border-t-0 bg-raised"
          />
        )}
        <span
          className={`relative grid size-6 shrink-0 place-items-center rounded-chip ${
            props.isSelected ? 'bg-accent-soft text-accent' : 'bg-sunken text-fg-2'
          }`}
        >
          <Icon size={13} strokeWidth={1.8} aria-hidden="true" />
        </span>
        <span className="relative min-w-0 flex-1">
          <span className="block truncate pr-3.5 font-medium text-cell text-fg">
            {middleEllipsis(card.title, Math.floor((rect.width - FIXED_WIDTH) / LETTER_WIDTH))}
          </span>
          <span className="block truncate text-3xs text-fg-3 tabular-nums">
            {card.container === undefined
              ? `${props.clusterCount > 1 ? `in ${props.clusterCount} clusters · ` : ''}${props.line}`
              : `${insideText(card.container.kind, card.memberIds.length)} · ${props.line}`}
          </span>
        </span>
        <StatusMark status={status} className="absolute top-2.5 right-2.5" />
      </button>
      {props.isPinned && (
        <span className={`pointer-events-none absolute top-0 left-0 ${glide}`} style={place}>
          <span className="pointer-events-auto absolute top-6 right-0.5">
            <PinMark title={card.title} onUnpin={() => props.onUnpin(card.id)} />
          </span>
        </span>
      )}
    </>
  );
}

export const ServiceCard = memo(ServiceCardView);
