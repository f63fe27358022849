'use client';

// The cluster and the namespace that are looked at. A namespace is a term of the filter like any other: choosing it here
// writes it there, so that the map, the table and the link all agree.

import { ChevronDown, Cloud } from 'lucide-react';
import { Menu, MenuChoices, MenuHeading } from '../controls/menu.tsx';
import { namespaceOf, withNamespace } from '../filter/terms.ts';
import { useSnapshot } from '../store/dashboard-provider.tsx';
import { useFilterText } from '../url/url-state.ts';

const ALL = '*';

export function NamespaceChooser() {
  const map = useSnapshot((snapshot) => snapshot.map);
  const [filter, setFilter] = useFilterText();
  const vertices = [...map.vertices.values()];
  const clusters = [...new Set(vertices.map((vertex) => vertex.cluster).filter(Boolean))].sort();
  const chosen = namespaceOf(filter);
  const found = vertices.map((vertex) => vertex.namespace).filter(Boolean);
  const namespaces = [...new Set(chosen === undefined ? found : [...found, chosen])].sort();
  return (
    <>
      <span className="flex min-w-0 items-center gap-2 font-medium max-sm:hidden">
        <Cloud size={15} strokeWidth={1.8} className="shrink-0 text-fg-3" aria-hidden />
        <span className="truncate">{clusterText(clusters)}</span>
      </span>
      {namespaces.length > 0 && (
        <>
          <span className="h-5 w-px bg-line max-sm:hidden" />
          <Menu
            trigger={
              <button
                type="button"
                className="flex min-w-0 items-center gap-1.5 whitespace-nowrap rounded-chip text-fg-2 hover:text-fg"
              >
                <span className="truncate">{chosen ?? 'All namespaces'}</span>
                <ChevronDown size={13} className="shrink-0 text-fg-3" aria-hidden />
              </button>
            }
          >
            <MenuHeading>Flows from or to</MenuHeading>
            <MenuChoices
              value={chosen ?? ALL}
              choices={[
                { value: ALL, label: 'All namespaces' },
                ...namespaces.map((name) => ({ value: name, label: name })),
              ]}
              onChoose={(value) => setFilter(withNamespace(filter, value === ALL ? undefined : value) || null)}
            />
          </Menu>
        </>
      )}
    </>
  );
}

function clusterText(clusters: readonly string[]): string {
  if (clusters.length === 0) return 'This host';
  return clusters.length === 1 ? (clusters[0] ?? '') : `${clusters.length} clusters`;
}
