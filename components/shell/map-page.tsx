'use client';

// The page: map above, flows below, details beside.

import { FlowsSection } from '../flows/flows-section.tsx';
import { DetailsSlot } from '../panel/details-slot.tsx';
import { MapArea } from '../services/map-area.tsx';

export function MapPage() {
  return (
    <div className="relative flex h-full min-h-0">
      {/* A low window, or a page zoomed in, scrolls: a map of a hand's height shows nothing. */}
      <main className="flex min-w-0 flex-1 flex-col overflow-y-auto">
        <div className="min-h-80 flex-1">
          <MapArea />
        </div>
        {/* Filter 48, timeline 53, head 30, nine rows of 28: no row is ever cut. */}
        <div className="h-[385px] shrink-0">
          <FlowsSection />
        </div>
      </main>
      <DetailsSlot />
    </div>
  );
}
