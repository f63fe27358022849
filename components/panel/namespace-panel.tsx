'use client';

// A namespace: what runs in it, and how each part does.

import { SquareDashed } from 'lucide-react';
import { plural } from '../format/figures.ts';
import { ServiceList } from '../services/service-list.tsx';
import { useSnapshot } from '../store/dashboard-provider.tsx';
import { NotHere, PanelHead } from './panel-parts.tsx';

export function NamespacePanel({ cluster, namespace }: { readonly cluster: string; readonly namespace: string }) {
  const map = useSnapshot((snapshot) => snapshot.map);
  const vertices = [...map.vertices.values()].filter(
    (vertex) => vertex.namespace === namespace && (cluster === '' || vertex.cluster === cluster),
  );
  if (vertices.length === 0) return map.coveredMs > 0 ? <NotHere what={namespace} /> : null;
  return (
    <>
      <PanelHead
        icon={<SquareDashed size={19} strokeWidth={1.8} aria-hidden />}
        title={namespace || 'Outside'}
        subtitle={[cluster, plural(vertices.length, 'service')].filter(Boolean).join(' · ')}
      />
      <div className="min-h-0 flex-1 overflow-y-auto border-line border-t px-3 py-2">
        <ServiceList vertices={vertices} map={map} withNamespace={false} />
      </div>
    </>
  );
}
