'use client';

// The flows at full height.

import { FlowsSection } from '../flows/flows-section.tsx';
import { DetailsSlot } from '../panel/details-slot.tsx';

export function FlowsPage() {
  return (
    <div className="relative flex h-full min-h-0">
      <main className="min-w-0 flex-1">
        <h1 className="sr-only">Flows</h1>
        <FlowsSection />
      </main>
      <DetailsSlot />
    </div>
  );
}
