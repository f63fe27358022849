// The sign of what the reader put where it is; pressing it lets go: the next tidying may move it.

import { Pin } from 'lucide-react';

export function PinMark({ title, onUnpin }: { readonly title: string; readonly onUnpin: () => void }) {
  return (
    <button
      type="button"
      data-map-control=""
      aria-label={`Unpin ${title}`}
      title="Pinned where it is. Press to let it go: tidying may then move it."
      onClick={onUnpin}
      className="grid size-5 shrink-0 place-items-center rounded-chip text-fg-3 hover:bg-hover hover:text-fg"
    >
      <Pin size={10} aria-hidden="true" />
    </button>
  );
}
