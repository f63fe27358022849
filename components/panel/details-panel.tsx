'use client';

// The right-hand panel: what is selected, told in full. One body a kind of selection; Esc or the cross closes it.

import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button } from '../controls/button.tsx';
import { useKeys } from '../controls/use-keys.ts';
import type { Selection } from '../url/selection.ts';
import { useSelection } from '../url/url-state.ts';
import { EdgePanel } from './edge-panel.tsx';
import { FlowPanel } from './flow-panel.tsx';
import { NamespacePanel } from './namespace-panel.tsx';
import { ServicePanel } from './service-panel.tsx';

export function DetailsPanel() {
  const [selection, setSelection] = useSelection();
  useKeys({ Escape: () => void setSelection(null) });
  if (selection === null) return null;
  return (
    <aside
      aria-label="Details"
      className="absolute inset-y-0 right-0 z-10 flex w-[372px] max-w-full flex-col overflow-hidden border-line border-l bg-surface max-xl:shadow-pop xl:static"
    >
      <PanelBody key={selection.kind} selection={selection} />
    </aside>
  );
}

function PanelBody({ selection }: { readonly selection: Selection }) {
  switch (selection.kind) {
    case 'vertex':
      return <ServicePanel id={selection.id} />;
    case 'edge':
      return <EdgePanel sourceId={selection.sourceId} destinationId={selection.destinationId} />;
    case 'namespace':
      return <NamespacePanel cluster={selection.cluster} namespace={selection.namespace} />;
    case 'flow':
      return <FlowPanel flowKey={selection.key} />;
  }
}

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
