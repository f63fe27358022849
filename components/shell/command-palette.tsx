'use client';

// Search: go to a service, look at one namespace, open a page, do a thing.

import { Command } from 'cmdk';
import { Bookmark, Boxes, Globe, Layers, Monitor, Moon, Pause, Play, Search, SquareDashed, Sun, X } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useTheme } from 'next-themes';
import { type ReactNode, useState } from 'react';
import { Dialog } from '../controls/dialog.tsx';
import { withNamespace } from '../filter/terms.ts';
import { useReading } from '../flows/reading.tsx';
import { perSecond } from '../format/figures.ts';
import { MAP_SCOPES, type MapScope } from '../map/map-view-types.ts';
import { useSnapshot } from '../store/dashboard-provider.tsx';
import { figuresOfVertex } from '../store/figures.ts';
import { forgetView, savedViews } from '../url/saved-views.ts';
import { useFilterText, useScope, useSelection } from '../url/url-state.ts';

export function CommandPalette({ onClose }: { readonly onClose: () => void }) {
  const map = useSnapshot((snapshot) => snapshot.map);
  const [filter, setFilter] = useFilterText();
  const [, setSelection] = useSelection();
  const { paused, setPaused } = useReading();
  const { resolvedTheme, setTheme } = useTheme();
  const [scope, setScope] = useScope();
  const router = useRouter();
  const run = (act: () => void) => () => {
    onClose();
    act();
  };
  const vertices = [...map.vertices.values()].sort((a, b) => a.name.localeCompare(b.name));
  const namespaces = [...new Set(vertices.map((vertex) => vertex.namespace).filter(Boolean))].sort();
  return (
    <Dialog title="Search" onClose={onClose}>
      <Command label="Search" loop className="flex max-h-[60vh] flex-col">
        <div className="flex items-center gap-2.5 border-line border-b px-4">
          <Search size={15} className="text-fg-3" aria-hidden />
          <Command.Input
            autoFocus
            placeholder="Search services, namespaces, pages"
            className="h-11 flex-1 bg-transparent text-sm outline-none placeholder:text-fg-3"
          />
        </div>
        <Command.List className="overflow-y-auto p-1.5">
          <Command.Empty className="px-3 py-6 text-center text-fg-3">Nothing by that name is on the map.</Command.Empty>
          <Group heading="Services">
            {vertices.map((vertex) => (
              <Item
                key={vertex.id}
                value={`${vertex.namespace}/${vertex.name}`}
                onSelect={run(() => setSelection({ kind: 'vertex', id: vertex.id }))}
              >
                {vertex.kind === 'external' ? <Globe size={14} aria-hidden /> : <Boxes size={14} aria-hidden />}
                <span className="flex-1 truncate">
                  {vertex.namespace !== '' && <span className="text-fg-3">{vertex.namespace}/</span>}
                  {vertex.name}
                </span>
                <span className="text-2xs text-fg-3">
                  {perSecond(figuresOfVertex(map, vertex.id).requestsPerSecond)}
                </span>
              </Item>
            ))}
          </Group>
          <Group heading="Namespaces">
            {namespaces.map((name) => (
              <Item key={name} value={`namespace ${name}`} onSelect={run(() => setFilter(withNamespace(filter, name)))}>
                <SquareDashed size={14} aria-hidden />
                {name}
              </Item>
            ))}
          </Group>
          <SavedViews onOpen={(path) => run(() => router.push(path))()} />
          <Group heading="The map shows">
            {MAP_SCOPES.map((each) => (
              <Item key={each} value={`map scope ${each} ${scopeWords[each]}`} onSelect={run(() => setScope(each))}>
                <Layers size={14} aria-hidden />
                <span className="flex-1">{scopeWords[each]}</span>
                {each === scope && <span className="text-2xs text-fg-3">now</span>}
              </Item>
            ))}
          </Group>
          <Group heading="Do">
            <Item value="pause flows" onSelect={run(() => setPaused(!paused))}>
              {paused ? <Play size={14} aria-hidden /> : <Pause size={14} aria-hidden />}
              {paused ? 'Let the flows run' : 'Pause the flows'}
            </Item>
            <Item value="theme dark light" onSelect={run(() => setTheme(resolvedTheme === 'dark' ? 'light' : 'dark'))}>
              {resolvedTheme === 'dark' ? <Sun size={14} aria-hidden /> : <Moon size={14} aria-hidden />}
              {resolvedTheme === 'dark' ? 'Light theme' : 'Dark theme'}
            </Item>
            <Item value="theme as the system" onSelect={run(() => setTheme('system'))}>
              <Monitor size={14} aria-hidden />
              Theme as the system
            </Item>
            <Item value="page service map" onSelect={run(() => router.push('/'))}>
              Open the service map
            </Item>
            <Item value="page flows table" onSelect={run(() => router.push('/flows'))}>
              Open the flow table
            </Item>
            <Item value="page access logs proxies" onSelect={run(() => router.push('/access-logs'))}>
              Open access logs
            </Item>
            <Item value="page refused drops verdicts" onSelect={run(() => router.push('/verdicts'))}>
              Open refused traffic
            </Item>
            <Item value="page policies network" onSelect={run(() => router.push('/policies'))}>
              Open policies
            </Item>
            <Item value="page status nodes coverage" onSelect={run(() => router.push('/status'))}>
              Open nodes and coverage
            </Item>
          </Group>
        </Command.List>
      </Command>
    </Dialog>
  );
}

function SavedViews({ onOpen }: { readonly onOpen: (path: string) => void }) {
  const [views, setViews] = useState(savedViews);
  if (views.length === 0) return null;
  const forget = (name: string) => {
    forgetView(name);
    setViews(savedViews());
  };
  return (
    <Group heading="Saved views">
      {views.map(({ name, path }) => (
        <Item key={name} value={`view ${name}`} onSelect={() => onOpen(path)}>
          <Bookmark size={14} aria-hidden />
          <span className="flex-1 truncate">{name}</span>
          <button
            type="button"
            aria-label={`Forget ${name}`}
            className="rounded-sm p-0.5 hover:text-fg"
            onClick={(event) => {
              event.stopPropagation();
              forget(name);
            }}
          >
            <X size={12} aria-hidden />
          </button>
        </Item>
      ))}
    </Group>
  );
}

const scopeWords: Readonly<Record<MapScope, string>> = {
  cluster: 'Clusters',
  namespace: 'Namespaces',
  workload: 'Services',
  pod: 'Pods',
  process: 'Processes',
};

function Group({ heading, children }: { readonly heading: string; readonly children: ReactNode }) {
  return (
    <Command.Group
      heading={heading}
      className="[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-2xs [&_[cmdk-group-heading]]:text-fg-3"
    >
      {children}
    </Command.Group>
  );
}

function Item(props: { readonly value: string; readonly onSelect: () => void; readonly children: ReactNode }) {
  return (
    <Command.Item
      value={props.value}
      onSelect={props.onSelect}
      className="flex h-8 cursor-default items-center gap-2.5 rounded-chip px-2.5 text-cell data-[selected=true]:bg-accent-soft [&_svg]:text-fg-3"
    >
      {props.children}
    </Command.Item>
  );
}
