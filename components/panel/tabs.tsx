'use client';

import { Tabs as RadixTabs } from 'radix-ui';
import type { ReactNode } from 'react';

export interface Tab {
  readonly name: string;
  readonly count?: number;
  readonly body: ReactNode;
}

export function Tabs({ tabs }: { readonly tabs: readonly Tab[] }) {
  return (
    <RadixTabs.Root defaultValue={tabs[0]?.name ?? ''} className="flex min-h-0 flex-1 flex-col">
      <RadixTabs.List className="flex shrink-0 gap-5 border-line border-b px-5">
        {tabs.map(({ name, count }) => (
          <RadixTabs.Trigger
            key={name}
            value={name}
            className="-mb-px border-transparent border-b-2 pb-2 text-fg-2 text-sm hover:text-fg data-[state=active]:border-accent data-[state=active]:font-medium data-[state=active]:text-fg"
          >
            {name}
            {count !== undefined && count > 0 && <span className="ml-1.5 text-2xs text-fg-3">{count}</span>}
          </RadixTabs.Trigger>
        ))}
      </RadixTabs.List>
      {tabs.map(({ name, body }) => (
        <RadixTabs.Content key={name} value={name} className="min-h-0 flex-1 overflow-y-auto pb-6 outline-none">
          {body}
        </RadixTabs.Content>
      ))}
    </RadixTabs.Root>
  );
}
