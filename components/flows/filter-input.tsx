'use client';

// The filter as chips and a text field with completion. Enter or a space after a whole term makes it a chip; the filter
// is the URL's "q", so a link carries it and the relay applies it.

import { ListFilter, X } from 'lucide-react';
import { type KeyboardEvent, useCallback, useRef, useState } from 'react';
import { maximumTextCharacters } from '#flow/filter-text/limits.ts';
import { Button } from '../controls/button.tsx';
import { useKeys } from '../controls/use-keys.ts';
import type { Offer } from '../filter/completion.ts';
import { type Term, terms, withoutTerm, withTerms } from '../filter/terms.ts';
import { useOffers } from '../filter/use-offers.ts';
import { wholeNumber } from '../format/figures.ts';
import { useTabStore } from '../store/dashboard-provider.tsx';
import { emptySnapshot } from '../store/tab-store.ts';
import { useFilterText } from '../url/url-state.ts';

export function FilterInput() {
  const [filter, setFilter] = useFilterText();
  const [draft, setDraft] = useState('');
  const [isOpen, setIsOpen] = useState(false);
  const [active, setActive] = useState(0);
  const [opensUp, setOpensUp] = useState(true);
  const store = useTabStore();
  const known = useCallback(() => store?.snapshot() ?? emptySnapshot, [store]);
  const input = useRef<HTMLInputElement>(null);
  const { offered, fault } = useOffers(isOpen, draft, known);
  useKeys({
    '/': (event) => {
      event.preventDefault();
      input.current?.focus();
    },
  });
  const add = (text: string) => {
    // What cannot be read stays in the field, with the reason above it.
    if (text.trim() === '' || (text === draft && fault !== '')) return;
    void setFilter(withTerms(filter, text));
    setDraft('');
    setActive(0);
    setIsOpen(false);
  };
  const take = (text: string) => {
    if (text.endsWith(':')) setDraft(text);
    else add(text);
    setActive(0);
  };
  const press = (event: KeyboardEvent) => {
    const last = filter.length > maximumTextCharacters ? undefined : terms(filter).at(-1);
    if (event.key === 'Escape') input.current?.blur();
    else if (event.key === 'ArrowDown' && !isOpen) setIsOpen(true);
    else if (event.key === 'ArrowDown') setActive((at) => Math.min(at + 1, offered.length - 1));
    else if (event.key === 'ArrowUp') setActive((at) => Math.max(at - 1, -1));
    else if (event.key === 'Tab' && offered[active] && draft !== '') take(offered[active].text);
    else if (event.key === 'Enter') draft === '' || !offered[active] ? add(draft) : take(offered[active].text);
    else if (event.key === 'Backspace' && draft === '' && last) void setFilter(withoutTerm(filter, last.text) || null);
    else return;
    if (event.key !== 'Backspace') event.preventDefault();
  };
  return (
    <div className="relative flex h-7 min-w-0 flex-1 items-center gap-1.5 rounded-control border border-line bg-sunken pr-1 pl-2 focus-within:border-accent">
      <ListFilter size={13} strokeWidth={1.8} className="shrink-0 text-fg-3" aria-hidden />
      <Chips filter={filter} onChange={(text) => void setFilter(text || null)} />
      <input
        ref={input}
        role="combobox"
        aria-label="Filter flows"
        aria-invalid={fault !== ''}
        aria-describedby={fault === '' ? undefined : 'filter-fault'}
        aria-expanded={offered.length > 0}
        aria-controls="filter-completions"
        aria-activedescendant={offered[active] ? `completion-${active}` : undefined}
        autoComplete="off"
        spellCheck={false}
        value={draft}
        placeholder={filter === '' ? 'Filter by namespace, path, status…' : ''}
        onChange={(event) => {
          setDraft(event.target.value);
          setIsOpen(true);
        }}
        onFocus={(event) => {
          setOpensUp(event.currentTarget.getBoundingClientRect().top > window.innerHeight / 2);
          setIsOpen(true);
        }}
        onBlur={() => setIsOpen(false)}
        onKeyDown={press}
        className="h-full w-0 min-w-16 flex-1 truncate bg-transparent text-xs outline-none placeholder:text-fg-3"
      />
      {offered.length > 0 && <Completions offered={offered} active={active} opensUp={opensUp} onTake={take} />}
      {fault !== '' && (
        <p
          id="filter-fault"
          role="alert"
          className={`absolute left-0 z-30 max-w-full break-words rounded-card border border-line bg-raised px-3 py-2 text-bad text-xs shadow-pop ${placeOf(opensUp)}`}
        >
          {fault}
        </p>
      )}
    </div>
  );
}

/** A filter from elsewhere may have thousands of terms; the rest is for the relay to refuse. */
const MOST_CHIPS = 40;

function Chips({ filter, onChange }: { readonly filter: string; readonly onChange: (filter: string) => void }) {
  if (filter === '') return null;
  const isTooLong = filter.length > maximumTextCharacters;
  const shown = isTooLong ? [] : terms(filter).slice(0, MOST_CHIPS + 1);
  const isCut = isTooLong || shown.length > MOST_CHIPS;
  return (
    <span className="flex min-w-0 shrink items-center gap-1.5 overflow-x-auto [scrollbar-width:none]">
      {shown.slice(0, MOST_CHIPS).map((term) => (
        <Chip key={term.text} term={term} onRemove={() => onChange(withoutTerm(filter, term.text))} />
      ))}
      {isCut && (
        <Button weight="ghost" className="h-5" onClick={() => onChange('')}>
          {isTooLong ? `A filter of ${wholeNumber(filter.length)} characters` : 'and more'}: clear
        </Button>
      )}
    </span>
  );
}

function Chip({ term, onRemove }: { readonly term: Term; readonly onRemove: () => void }) {
  return (
    <span className="flex h-5 max-w-64 shrink-0 items-center gap-1 rounded-chip border border-line bg-raised pr-0.5 pl-1.5 text-xs">
      <span className="truncate">
        {term.negated && <span className="text-bad">not </span>}
        <span className="text-fg-3">{[term.side, term.key].filter(Boolean).join(' ')} </span>
        {term.value}
      </span>
      <button
        type="button"
        aria-label={`Remove ${term.text}`}
        onClick={onRemove}
        className="rounded-sm p-0.5 text-fg-3 hover:text-fg"
      >
        <X size={11} aria-hidden />
      </button>
    </span>
  );
}

/** Towards the middle of the page: the field stands at the top of one view and near the bottom of another. */
function placeOf(opensUp: boolean): string {
  return opensUp ? 'bottom-full mb-1.5' : 'top-full mt-1.5';
}

interface CompletionsProps {
  readonly offered: readonly Offer[];
  readonly active: number;
  readonly opensUp: boolean;
  readonly onTake: (text: string) => void;
}

function Completions({ offered, active, opensUp, onTake }: CompletionsProps) {
  return (
    <div
      id="filter-completions"
      role="listbox"
      aria-label="Completions"
      className={`absolute left-0 z-30 max-h-72 w-96 max-w-full overflow-y-auto rounded-card border border-line bg-raised p-1 shadow-pop ${placeOf(opensUp)}`}
    >
      {offered.map(({ text, what }, index) => (
        <div
          key={text}
          id={`completion-${index}`}
          role="option"
          tabIndex={-1}
          aria-selected={index === active}
          onPointerDown={(event) => {
            event.preventDefault();
            onTake(text);
          }}
          className="flex h-7 cursor-default items-center justify-between gap-4 rounded-chip px-2 text-xs aria-selected:bg-accent-soft"
        >
          <span className="truncate font-mono text-mono">{text}</span>
          <span className="truncate text-2xs text-fg-3">{what}</span>
        </div>
      ))}
    </div>
  );
}
