'use client';

// The service map: model in, picture out. Owns layout, routing, drawing and the pointer; owns no data and no filter.
// Figures update in place; positions change only for vertices that are new or that the reader moved.

import type { MapVertex, ServiceMapModel } from '../store/service-map-model.ts';
import type { MapMetric, MapSelection, MapTheme } from './map-view-types.ts';

export interface ServiceMapViewProps {
  /** Same object identity = nothing to do; same `topologyRevision` = figures only, no layout. */
  readonly model: ServiceMapModel;
  readonly selection: MapSelection | null;
  readonly onSelect: (selection: MapSelection | null) => void;
  /** Lit from outside (a hovered table row, say). */
  readonly hovered?: MapSelection | null | undefined;
  readonly onHover?: ((selection: MapSelection | null) => void) | undefined;
  readonly metric: MapMetric;
  /** With it the map shows its own choice of figure; without it the shell does. */
  readonly onMetricChange?: ((metric: MapMetric) => void) | undefined;
  /** Vertices it rejects are not laid out. Keep its identity stable between renders: a new function means a new layout. */
  readonly visibleFilter?: ((vertex: MapVertex) => boolean) | undefined;
  /** Lights the vertices whose "namespace/name" contains it, case-insensitively; empty lights nothing. */
  readonly find?: string | undefined;
  readonly theme: MapTheme;
  /** The reader pressed a drop marker; without it the edge is selected. */
  readonly onShowDrops?: ((sourceId: string, destinationId: string) => void) | undefined;
  readonly className?: string | undefined;
}

export function ServiceMapView(props: ServiceMapViewProps) {
  return <section aria-label="Service map" className={props.className} data-theme={props.theme} />;
}
