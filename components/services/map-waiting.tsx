'use client';

// The map before there is one: connecting, nothing seen yet, or nothing that passes the filter.

import { Button } from '../controls/button.tsx';
import { useSnapshot } from '../store/dashboard-provider.tsx';
import { useFilterText } from '../url/url-state.ts';

export function MapWaiting({ isEmpty = false }: { readonly isEmpty?: boolean }) {
  const connection = useSnapshot((snapshot) => snapshot.connection);
  const [filter, setFilter] = useFilterText();
  const text = textFor(connection.state, isEmpty, filter);
  return (
    <div className="absolute inset-0 flex flex-col items-center justify-center gap-4 text-center">
      <Sketch />
      <div>
        <p className="font-medium text-sm">{text.title}</p>
        <p className="mt-1 max-w-md text-fg-2 text-xs">{text.more}</p>
      </div>
      {isEmpty && filter !== '' && <Button onClick={() => setFilter(null)}>Clear the filter</Button>}
    </div>
  );
}

function textFor(state: string, isEmpty: boolean, filter: string): { readonly title: string; readonly more: string } {
  if (state === 'reconnecting')
    return { title: 'The relay does not answer', more: 'The page tries again by itself. Is the relay running?' };
  if (state === 'refused')
    return { title: 'The relay refuses this request', more: 'Mend the filter; the reason is shown above.' };
  if (!isEmpty) return { title: 'Asking the relay for the map', more: '' };
  if (filter !== '') return { title: 'Nothing matches this filter', more: 'No flow of this window passes it.' };
  return { title: 'Nothing has talked yet', more: 'Services appear here with their first connection in this window.' };
}

function Sketch() {
  return (
    <svg viewBox="0 0 220 84" width="220" height="84" aria-hidden="true" className="fill-raised stroke-line-strong">
      <path
        d="M64 42C84 42 84 20 104 20M64 42C84 42 84 64 104 64M156 20c14 0 14 22 28 22"
        className="fill-none"
        strokeDasharray="3 4"
      />
      <rect x="12" y="30" width="52" height="24" rx="7" />
      <rect x="104" y="8" width="52" height="24" rx="7" />
      <rect x="104" y="52" width="52" height="24" rx="7" />
      <rect x="184" y="30" width="30" height="24" rx="7" />
    </svg>
  );
}
