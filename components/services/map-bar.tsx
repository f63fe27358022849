'use client';

// Under the map's heading: where the reader stands, what is looked for, and what is left out.

import { ChevronRight, EyeOff, Search, X } from 'lucide-react';
import dynamic from 'next/dynamic';
import { useSnapshot } from '../store/dashboard-provider.tsx';
import { MAX_HIDDEN, useFilterText, useFind, useHidden, useMarksText, useScope } from '../url/url-state.ts';
import { NOISE, NOISE_NAMES, noiseOn } from './hidden.ts';
import { crumbsOf, outermost } from './scope-path.ts';

const MarkedChip = dynamic(() => import('./marked-chip.tsx').then((module) => module.MarkedChip));

const chip =
  'pointer-events-auto flex h-6 items-center gap-1 rounded-chip border px-1.5 text-2xs transition-colors hover:border-line-strong';

export function MapBar() {
  const [marks] = useMarksText();
  return (
    <div className="flex flex-wrap items-center gap-1.5" data-map-control="">
      <Crumbs />
      <FindBox />
      <HiddenChips />
      {marks !== null && <MarkedChip />}
    </div>
  );
}

function Crumbs() {
  const [filter, setFilter] = useFilterText();
  const [, setScope] = useScope();
  const crumbs = crumbsOf(filter);
  if (crumbs.length === 0) return null;
  const go = (nextFilter: string, scope: Parameters<typeof setScope>[0]) => {
    void setFilter(nextFilter || null);
    void setScope(scope);
  };
  const step = 'pointer-events-auto rounded-chip px-1 text-xs hover:bg-hover hover:text-fg';
  return (
    <nav aria-label="Where the map stands" className="mr-2 flex items-center gap-0.5 text-fg-2">
      <button type="button" className={step} onClick={() => go(outermost(filter), null)}>
        All
      </button>
      {crumbs.map((crumb, index) => (
        <span key={crumb.level} className="flex items-center gap-0.5">
          <ChevronRight size={12} className="text-fg-3" aria-hidden />
          <button
            type="button"
            title={`${crumb.level} ${crumb.name}`}
            aria-current={index === crumbs.length - 1 ? 'location' : undefined}
            className={`${step} max-w-44 truncate aria-[current]:font-medium aria-[current]:text-fg`}
            onClick={() => go(crumb.filter, crumb.scope)}
          >
            {crumb.name}
          </button>
        </span>
      ))}
    </nav>
  );
}

function FindBox() {
  const [find, setFind] = useFind();
  const [hidden, setHidden] = useHidden();
  const hide = () => {
    void setHidden([...hidden.filter((word) => word !== find), find].slice(-MAX_HIDDEN));
    void setFind(null);
  };
  return (
    <form
      className="pointer-events-auto flex h-6 items-center gap-1.5 rounded-chip border border-line bg-sunken px-1.5 focus-within:border-line-strong"
      onSubmit={(event) => {
        event.preventDefault();
        if (find !== '') hide();
      }}
    >
      <Search size={11} className="text-fg-3" aria-hidden />
      <input
        aria-label="Find on the map"
        placeholder="Find"
        value={find}
        maxLength={100}
        onChange={(event) => void setFind(event.target.value || null)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape' || find === '') return;
          event.stopPropagation();
          void setFind(null);
        }}
        className="w-20 bg-transparent text-2xs outline-none placeholder:text-fg-3 focus:w-32"
      />
      {find !== '' && (
        <button
          type="submit"
          title="Leave what matches out of the map (Enter)"
          className="text-2xs text-fg-2 hover:text-fg"
        >
          Hide
        </button>
      )}
    </form>
  );
}

function HiddenChips() {
  const map = useSnapshot((snapshot) => snapshot.map);
  const [hidden, setHidden] = useHidden();
  const counts = noiseOn(map);
  const set = (words: string[]) => setHidden(words.length === 0 ? null : words);
  const words = hidden.filter((word) => !NOISE.some((noise) => noise === word));
  return (
    <>
      {NOISE.filter((noise) => counts.has(noise) || hidden.includes(noise)).map((noise) => {
        const isOut = hidden.includes(noise);
        return (
          <button
            key={noise}
            type="button"
            aria-pressed={isOut}
            aria-label={`Hide ${NOISE_NAMES[noise]} on the map`}
            title={isOut ? 'Left out of the map: press to show' : 'Press to leave out of the map'}
            onClick={() => set(isOut ? hidden.filter((word) => word !== noise) : [...hidden, noise])}
            className={`${chip} ${isOut ? 'border-line-strong bg-sunken text-fg-3' : 'border-line bg-raised text-fg-2'}`}
          >
            {isOut && <EyeOff size={11} aria-hidden />}
            <span className={isOut ? 'line-through' : ''}>{NOISE_NAMES[noise]}</span>
          </button>
        );
      })}
      {words.map((word) => (
        <button
          key={word}
          type="button"
          aria-label={`Show ${word} again`}
          title="Left out of the map: press to show"
          onClick={() => set(hidden.filter((each) => each !== word))}
          className={`${chip} max-w-40 border-line-strong bg-sunken text-fg-3`}
        >
          <EyeOff size={11} className="shrink-0" aria-hidden />
          <span className="truncate">{word}</span>
          <X size={10} className="shrink-0" aria-hidden />
        </button>
      ))}
    </>
  );
}
