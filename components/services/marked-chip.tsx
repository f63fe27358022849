'use client';

// What a policy preview shows on the map, and the way back to the map as it is.

import { X } from 'lucide-react';
import type { EdgeMark } from '../map/map-view-types.ts';
import { markedEdgesFrom } from '../map/marked-edges.ts';
import { useMarksText } from '../url/url-state.ts';

export function MarkedChip() {
  const [text, setText] = useMarksText();
  const marked = markedEdgesFrom(text ?? '');
  if (marked === null) return null;
  const count = (mark: EdgeMark) => marked.edges.filter((edge) => edge.mark === mark).length;
  return (
    <button
      type="button"
      className="pointer-events-auto flex h-6 items-center gap-1 rounded-chip border border-accent px-1.5 text-2xs text-fg transition-colors hover:border-line-strong"
      onClick={() => void setText(null)}
    >
      Policy preview: {count('closes')} would be denied, {count('opens')} allowed, {count('unsure')} not known
      {marked.omitted > 0 && `, ${marked.omitted} more not marked`}
      <X size={11} aria-label="take it off the map" />
    </button>
  );
}
