'use client';

// The right-hand panel: what is selected, told in full. One body a kind of selection; Esc or the cross closes it.

import { useKeys } from '../controls/use-keys.ts';
import { namespaceCardId } from '../map/map-view-types.ts';
import type { Selection } from '../url/selection.ts';
import { useSelection } from '../url/url-state.ts';
import { ContainerPanel } from './container-panel.tsx';
import { EdgePanel } from './edge-panel.tsx';
import { FlowPanel } from './flow-panel.tsx';
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
      return <ContainerPanel id={namespaceCardId(selection.cluster, selection.namespace)} />;
    case 'container':
      return <ContainerPanel id={selection.id} />;
    case 'flow':
      return <FlowPanel flowKey={selection.key} />;
  }
}
