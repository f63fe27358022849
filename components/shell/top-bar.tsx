'use client';

// Where we look (cluster, namespaces), what we look for (search), how the whole stands (nodes, drops), and when.

import { Keyboard, Search } from 'lucide-react';
import Link from 'next/link';
import { Button } from '../controls/button.tsx';
import { Tip } from '../controls/tip.tsx';
import { useReading } from '../flows/reading.tsx';
import { rateNumber, wholeNumber } from '../format/figures.ts';
import { useSnapshot } from '../store/dashboard-provider.tsx';
import { NamespaceChooser } from './namespace-chooser.tsx';
import { ThemeToggle } from './theme-toggle.tsx';
import { WindowChooser } from './window-chooser.tsx';

export function TopBar({ onSearch, onKeys }: { readonly onSearch: () => void; readonly onKeys: () => void }) {
  return (
    <header className="flex items-center gap-4 border-line border-b bg-surface px-4 max-md:gap-2 max-md:px-3">
      <div className="flex min-w-0 flex-1 basis-0 items-center gap-3 max-md:overflow-hidden md:min-w-max">
        <NamespaceChooser />
      </div>
      <button
        type="button"
        onClick={onSearch}
        aria-label="Search services, namespaces, pages"
        className="flex h-8 min-w-8 items-center overflow-hidden gap-2.5 md:flex-[0_1_384px] rounded-control border border-line bg-sunken px-2.5 text-fg-3 text-sm hover:border-line-strong"
      >
        <Search size={15} strokeWidth={1.8} aria-hidden />
        <span className="flex-1 truncate text-left max-md:hidden">Search services, namespaces, pages</span>
        <kbd className="max-lg:hidden rounded-chip border border-line bg-raised px-1.5 font-sans text-2xs">Ctrl K</kbd>
      </button>
      <div className="flex items-center justify-end gap-3 md:min-w-max md:flex-1 md:basis-0 max-md:gap-1.5">
        <FlowRate />
        <NodeCount />
        <DropRate />
        <WindowChooser />
        <div className="flex items-center">
          <ThemeToggle />
          <Tip text="Keys (?)" side="bottom">
            <Button weight="icon" className="max-md:hidden" aria-label="Keys" onClick={onKeys}>
              <Keyboard size={15} strokeWidth={1.8} aria-hidden />
            </Button>
          </Tip>
        </div>
      </div>
    </header>
  );
}

/** Of the last five seconds, as the relay counted: not only of the rows that the table shows. */
function FlowRate() {
  const perSecond = useSnapshot((snapshot) => snapshot.counters.flowsPerSecond);
  const isLive = useSnapshot((snapshot) => snapshot.connection.state === 'live');
  const { paused } = useReading();
  return (
    <span
      title="Flows a second that pass the filter"
      className="flex items-center gap-2 whitespace-nowrap text-fg-2 max-lg:hidden"
    >
      <span className={`size-1.5 rounded-full ${isLive && !paused ? 'live-pulse bg-ok' : 'bg-fg-3'}`} aria-hidden />
      {wholeNumber(perSecond)} flows/s
    </span>
  );
}

function NodeCount() {
  const status = useSnapshot((snapshot) => snapshot.status);
  if (status === undefined) return null;
  const connected = status.nodes.filter((node) => node.state === 'connected').length;
  const all = status.nodes.length;
  return (
    <Link href="/status" className="hidden whitespace-nowrap rounded-chip text-fg-2 hover:text-fg lg:block">
      {connected === all ? all : `${connected} of ${all}`} {all === 1 ? 'node' : 'nodes'}
    </Link>
  );
}

function DropRate() {
  const map = useSnapshot((snapshot) => snapshot.map);
  let dropped = 0;
  for (const edge of map.edges.values()) dropped += edge.dropped;
  if (dropped === 0) return null;
  const perSecond = dropped / Math.max(1, map.coveredMs / 1000);
  return (
    <Link href="/verdicts" className="whitespace-nowrap rounded-chip text-bad hover:underline max-sm:hidden">
      {perSecond < 0.1 ? `${dropped} drops` : `${rateNumber(perSecond)} drops/s`}
    </Link>
  );
}
