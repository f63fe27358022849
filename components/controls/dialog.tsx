'use client';

import { Dialog as RadixDialog } from 'radix-ui';
import type { ReactNode } from 'react';

/** A dialog in the upper third, closed by Esc or a press outside. */
export function Dialog(props: {
  readonly title: string;
  readonly titleShown?: boolean;
  readonly onClose: () => void;
  readonly children: ReactNode;
}) {
  return (
    <RadixDialog.Root open onOpenChange={(open) => !open && props.onClose()}>
      <RadixDialog.Portal>
        <RadixDialog.Overlay className="fixed inset-0 z-40 bg-black/35" />
        <RadixDialog.Content
          aria-describedby={undefined}
          className="fixed top-[14vh] left-1/2 z-50 w-[560px] max-w-[92vw] -translate-x-1/2 overflow-hidden rounded-notice border border-line-strong bg-surface shadow-pop"
        >
          <RadixDialog.Title className={props.titleShown ? 'px-5 pt-4 font-semibold text-title' : 'sr-only'}>
            {props.title}
          </RadixDialog.Title>
          {props.children}
        </RadixDialog.Content>
      </RadixDialog.Portal>
    </RadixDialog.Root>
  );
}
