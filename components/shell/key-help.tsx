'use client';

import { Dialog } from '../controls/dialog.tsx';

const keys = [
  ['Ctrl K', 'Search services, namespaces and pages'],
  ['/', 'Write in the filter'],
  ['Space', 'Pause the flows, and let them run again'],
  ['j  k', 'Next and previous flow'],
  ['Enter', 'Open the flow or service that has the focus'],
  ['Esc', 'Close what is open'],
  ['Arrows', 'Move the map, when it has the focus'],
  ['+  −  0', 'Zoom the map in and out; fit all of it'],
  ['Shift Enter', 'Step into the card that has the focus, or open it'],
  ['Backspace', 'Close the box around the card that has the focus'],
  ['?', 'This list'],
] as const;

export function KeyHelp({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Keys" titleShown onClose={onClose}>
      <dl className="grid grid-cols-[88px_1fr] gap-y-2 px-5 py-4">
        {keys.map(([key, what]) => (
          <div key={key} className="contents">
            <dt>
              <kbd className="rounded-chip border border-line bg-raised px-1.5 py-0.5 font-sans text-2xs">{key}</kbd>
            </dt>
            <dd className="text-fg-2">{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
