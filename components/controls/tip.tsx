'use client';

import { Tooltip } from 'radix-ui';
import type { ReactNode } from 'react';

/** A short name for a control that shows only an icon; the control still needs its own aria-label. */
export function Tip(props: {
  readonly text: ReactNode;
  readonly side?: 'top' | 'right' | 'bottom' | 'left';
  readonly children: ReactNode;
}) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>{props.children}</Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content
          side={props.side ?? 'top'}
          sideOffset={6}
          className="z-50 max-w-72 rounded-chip border border-line bg-raised px-2 py-1 text-2xs text-fg shadow-pop"
        >
          {props.text}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
