'use client';

// What every panel is made of: head, sections, facts, and the words for a selection that is gone.

import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button } from '../controls/button.tsx';
import { useSelection } from '../url/url-state.ts';

export function PanelHead(props: { readonly icon: ReactNode; readonly title: ReactNode; readonly subtitle: string }) {
  const [, setSelection] = useSelection();
  return (
    <header className="flex shrink-0 items-center gap-3 px-5 pt-4 pb-3">
      <span className="flex size-10 shrink-0 items-center justify-center rounded-notice bg-accent-soft text-accent">
        {props.icon}
      </span>
      <div className="min-w-0 flex-1">
        <h2 className="truncate font-semibold text-title tracking-[-0.01em]">{props.title}</h2>
        <p className="truncate text-fg-2 text-xs">{props.subtitle}</p>
      </div>
      <Button weight="icon" aria-label="Close details" onClick={() => setSelection(null)}>
        <X size={15} strokeWidth={1.8} aria-hidden />
      </Button>
    </header>
  );
}

export function PanelSection({
  title,
  aside,
  children,
}: {
  readonly title: string;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <section className="px-5 pt-5">
      <div className="mb-2 flex items-center justify-between">
        <h3 className="font-medium text-xs">{title}</h3>
        {aside}
      </div>
      {children}
    </section>
  );
}

/** Selected, but not there (any more): the link may be older than the data. */
export function NotHere({ what }: { readonly what: string }) {
  return (
    <>
      <PanelHead icon={<X size={19} aria-hidden />} title="Not here" subtitle={what} />
      <p className="px-5 text-fg-2 text-xs">It has not been seen in this window, or the filter leaves it out.</p>
    </>
  );
}

export function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  if (value === '') return null;
  return (
    <>
      <dt className="text-fg-3">{name}</dt>
      <dd className="min-w-0 break-words">{value}</dd>
    </>
  );
}
