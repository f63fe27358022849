'use client';

// The pages, as a rail of icons with names that assistive tools and pointers read.

import { Activity, ListTree, ScrollText, Server, ShieldCheck, Workflow } from 'lucide-react';
import Link from 'next/link';
import { usePathname, useSearchParams } from 'next/navigation';
import { useEffect, useState } from 'react';
import { Tip } from '../controls/tip.tsx';
import { Logo } from './logo.tsx';

const pages = [
  { path: '/', name: 'Service map', icon: Workflow },
  { path: '/flows', name: 'Flows', icon: Activity },
  { path: '/access-logs', name: 'Access logs', icon: ListTree },
  { path: '/verdicts', name: 'Refused traffic', icon: ShieldCheck },
  { path: '/policies', name: 'Policies', icon: ScrollText },
  { path: '/status', name: 'Nodes and coverage', icon: Server },
] as const;

export function Rail() {
  const here = usePathname();
  const scope = scopeOf(useSearchParams());
  const isSettled = useIsSettled();
  return (
    <nav
      aria-label="Pages"
      className="flex flex-col items-center gap-1.5 border-line border-r bg-surface pt-3 pb-3 max-md:flex-row max-md:justify-around max-md:border-t max-md:border-r-0 max-md:py-1"
    >
      <Link href="/" prefetch={false} aria-label="Parallax" className="mb-2.5 rounded-card max-md:hidden">
        <Logo />
      </Link>
      {pages.map(({ path, name, icon: Icon }) => (
        <Tip key={path} text={name} side="right">
          <Link
            href={`${path}${scope}`}
            prefetch={isSettled ? null : false}
            aria-label={name}
            aria-current={here === path ? 'page' : undefined}
            className="flex size-9 items-center justify-center rounded-card text-fg-3 transition-colors hover:bg-hover hover:text-fg aria-[current=page]:bg-accent-soft aria-[current=page]:text-accent"
          >
            <Icon size={17} strokeWidth={1.8} aria-hidden />
          </Link>
        </Tip>
      ))}
    </nav>
  );
}

/** Pages that may come next are fetched once the present one is there, not beside its first data. */
const SETTLED_AFTER_MS = 4_000;

function useIsSettled(): boolean {
  const [isSettled, setSettled] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(true), SETTLED_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  return isSettled;
}

/** Filter and window go along from page to page; a selection belongs to the page it was made on. */
function scopeOf(query: URLSearchParams): string {
  const kept = new URLSearchParams(
    [...query].filter(([name]) => name === 'q' || name === 'window' || name === 'scope'),
  );
  return kept.size === 0 ? '' : `?${kept}`;
}
