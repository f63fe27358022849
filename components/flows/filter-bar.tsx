'use client';

// Heading, filter, and the controls of the table.

import { Cable, Pause, Play, Share, Unplug } from 'lucide-react';
import dynamic from 'next/dynamic';
import { useState } from 'react';
import { Button } from '../controls/button.tsx';
import { Tip } from '../controls/tip.tsx';
import { showsConnections, withConnections } from '../filter/terms.ts';
import { useFilterText } from '../url/url-state.ts';
import { FilterInput } from './filter-input.tsx';
import { useReading } from './reading.tsx';

/** Its place is kept, so that nothing moves when it comes. */
const ColumnChooser = dynamic(() => import('./column-chooser.tsx').then((module) => module.ColumnChooser), {
  ssr: false,
  loading: () => <span className="size-7" />,
});
const ShareDialog = dynamic(() => import('./share-dialog.tsx').then((module) => module.ShareDialog));

export function FilterBar() {
  const { paused, setPaused } = useReading();
  return (
    <div className="flex h-12 shrink-0 items-center gap-3 px-4 max-sm:gap-1.5">
      <h2 className="font-semibold text-sm max-sm:sr-only">Flows</h2>
      <FilterInput />
      <ConnectionsToggle />
      <Button aria-pressed={paused} onClick={() => setPaused(!paused)}>
        {paused ? <Play size={13} aria-hidden /> : <Pause size={13} aria-hidden />}
        {paused ? 'Resume' : 'Pause'}
      </Button>
      <ColumnChooser />
      <ShareButton />
    </div>
  );
}

function ShareButton() {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <Button
        weight="icon"
        className="border border-line bg-raised"
        aria-label="Copy or export"
        aria-haspopup="dialog"
        onClick={() => setIsOpen(true)}
      >
        <Share size={13} strokeWidth={1.8} aria-hidden />
      </Button>
      {isOpen && <ShareDialog onClose={() => setIsOpen(false)} />}
    </>
  );
}

/** A term of the filter, so that link, histogram, export and command line leave out the same. */
function ConnectionsToggle() {
  const [filter, setFilter] = useFilterText();
  const isShown = showsConnections(filter);
  const what = isShown ? 'Hide what only opens and closes connections' : 'Show connections opening and closing';
  return (
    <Tip text={what}>
      <Button
        weight="icon"
        aria-label="Connection events"
        aria-pressed={isShown}
        className={`border ${isShown ? 'border-line bg-raised' : 'border-accent bg-accent-soft text-accent'}`}
        onClick={() => void setFilter(withConnections(filter, !isShown) || null)}
      >
        {isShown ? (
          <Cable size={13} strokeWidth={1.8} aria-hidden />
        ) : (
          <Unplug size={13} strokeWidth={1.8} aria-hidden />
        )}
      </Button>
    </Tip>
  );
}
