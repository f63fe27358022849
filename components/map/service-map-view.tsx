'use client';

// The service map: model in, picture out. Owns layout, routing, drawing and the pointer; owns no data and no filter.
// Figures update in place; positions change only for vertices that are new or that the reader moved.

import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { MapVertex, ServiceMapModel } from '../store/service-map-model.ts';
import { withFold } from './graph/closed-groups.ts';
import { linkMarks } from './graph/edge-marks.ts';
import { mapFigures } from './graph/figures.ts';
import { MEMBER_WORDS } from './graph/map-scope.ts';
import { groupingOf, type ViewGraph, viewGraph } from './graph/view-graph.ts';
import {
  type EdgeMark,
  EVERY,
  type Folds,
  type MapMetric,
  type MapScope,
  type MapSelection,
  type MapTheme,
  type StepTarget,
} from './map-view-types.ts';
import { markedEdgesFrom } from './marked-edges.ts';
import { ServiceList } from './service-list.tsx';
import { MapChoices, MapLegend } from './view/map-controls.tsx';
import { MapStage } from './view/map-stage.tsx';
import { useScene } from './view/use-scene.ts';

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
  /** What one card stands for. The model must be of it: the relay tells workloads, pods or processes. */
  readonly scope: MapScope;
  /** With it the map shows its own choice of scope. */
  readonly onScopeChange?: ((scope: MapScope) => void) | undefined;
  readonly folds: Folds;
  readonly onFoldsChange: (folds: Folds) => void;
  /** The reader wants to see inside a card; without it cards cannot be stepped into. */
  readonly onStep?: ((target: StepTarget) => void) | undefined;
  /** Equal for maps whose places are the same, say of one scope and filter. */
  readonly memoryKey: string;
  /** Vertices it rejects are not laid out. Keep its identity stable between renders: a new function means a new layout. */
  readonly visibleFilter?: ((vertex: MapVertex) => boolean) | undefined;
  /** Lights the vertices whose "namespace/name" contains it, case-insensitively; empty lights nothing. */
  readonly find?: string | undefined;
  /** What a plan would make of edges, as the URL spells it: coloured and shaped so; everything else steps back. */
  readonly marks?: string | null | undefined;
  readonly theme: MapTheme;
  /** The reader pressed a drop marker; without it the edge is selected. Ends as in `MapSelection`. */
  readonly onShowDrops?: ((sourceId: string, destinationId: string) => void) | undefined;
  /** The map's own title, counts and list toggle; leave it out where the page around it has them. */
  readonly hasHeading?: boolean | undefined;
  /** Stands under the heading: where we are, what is hidden. */
  readonly children?: ReactNode;
  /** Must position and size the map: it fills what it is given. */
  readonly className?: string | undefined;
}

export function ServiceMapView(props: ServiceMapViewProps) {
  const { model, selection, onSelect, metric, find = '', scope, folds, onFoldsChange, memoryKey } = props;
  const section = useRef<HTMLElement>(null);
  // Cards of a whole map are too small to read on a phone: it begins with the list.
  const [isList, setList] = useState(() => window.matchMedia('(max-width: 640px)').matches);
  const accepts = props.visibleFilter ?? acceptAll;
  const settings = useMemo(() => ({ scope, folds, accepts, memoryKey }), [scope, folds, accepts, memoryKey]);
  const { keeper, snapshot } = useScene(model, settings);
  const graph = snapshot?.graph;
  const figures = useMemo(() => (graph ? mapFigures(model, graph) : undefined), [model, graph]);
  const marked = useMemo(() => markedEdgesFrom(props.marks ?? '')?.edges, [props.marks]);
  const marks = useMemo(() => (graph && marked ? linkMarks(model, graph, marked) : NO_MARKS), [model, graph, marked]);
  const dropReasons = useMemo(() => (graph ? reasonsByLink(model, graph) : new Map()), [model, graph]);
  const onFold = useCallback(
    (id: string, isClosed: boolean) => onFoldsChange(withFold(folds, id, isClosed)),
    [folds, onFoldsChange],
  );
  const { isFullscreen, toggleFullscreen } = useFullscreen(section);
  const groups = [...(graph?.groups.values() ?? [])].filter((group) => group.cardCount > 1);
  const openCount = groups.filter((group) => !snapshot?.closed.get(group.id)).length;
  return (
    <section
      ref={section}
      aria-label="Service map"
      data-theme={props.theme}
      className={`isolate overflow-hidden bg-bg [--spacing:4px] ${props.className ?? 'relative size-full'}`}
    >
      {snapshot && figures && !isList && (
        <MapStage
          keeper={keeper}
          snapshot={snapshot}
          figures={figures}
          dropReasons={dropReasons}
          selection={selection}
          onSelect={onSelect}
          hovered={props.hovered ?? null}
          onHover={props.onHover}
          metric={metric}
          marks={marks}
          find={find}
          onShowDrops={props.onShowDrops}
          onFold={onFold}
          onStep={props.onStep}
          isFullscreen={isFullscreen}
          onFullscreen={toggleFullscreen}
        />
      )}
      {isList && <OpenList {...props} find={find} />}
      {props.hasHeading && (
        <Heading graph={graph} scope={scope} model={model}>
          {props.children}
        </Heading>
      )}
      <MapChoices
        metric={metric}
        onMetricChange={props.onMetricChange}
        isList={isList}
        onListChange={props.hasHeading ? setList : undefined}
        openCount={openCount}
        groupCount={groups.length}
        onAllClosed={(isClosed) =>
          onFoldsChange(isClosed ? { open: [], closed: [EVERY] } : { open: [EVERY], closed: [] })
        }
        scope={scope}
        onScopeChange={props.onScopeChange}
      />
      {!isList && (
        <MapLegend
          hasSelection={selection !== null}
          hasMarks={marks.size > 0}
          isSimple={(snapshot?.engineFailures ?? 0) > 0}
        />
      )}
    </section>
  );
}

function Heading(props: {
  graph: ViewGraph | undefined;
  scope: MapScope;
  model: ServiceMapModel;
  children: ReactNode;
}) {
  const { graph, scope, model } = props;
  return (
    <header className="pointer-events-none absolute top-2.5 right-[340px] left-4 z-10 flex flex-wrap items-center gap-x-4 gap-y-1.5 max-lg:top-11 max-lg:right-4">
      <div className="flex h-7 items-center gap-2.5 max-sm:sr-only">
        <h1 className="font-semibold text-fg text-sm">Service map</h1>
        <p className="truncate text-2xs text-fg-3 tabular-nums">
          {graph
            ? `${plural(graph.serviceCount, ...MEMBER_WORDS[scope])} · ${plural(graph.connectionCount, 'connection')}`
            : 'laying out'}
          {model.isFromFlows === true && ' · counted from the flows in memory'}
          {model.folded && ' · the rarest are folded into “other”'}
        </p>
      </div>
      {props.children}
    </header>
  );
}

const acceptAll = () => true;
const NO_MARKS: ReadonlyMap<string, EdgeMark> = new Map();

/** The list shows every service, so it has a graph of its own with all namespaces open. */
function OpenList(props: ServiceMapViewProps & { find: string }) {
  const { model, visibleFilter, scope } = props;
  const graph = useMemo(
    () => viewGraph(model, groupingOf(model, visibleFilter ?? acceptAll, scope), new Set()),
    [model, visibleFilter, scope],
  );
  const figures = useMemo(() => mapFigures(model, graph), [model, graph]);
  return <ServiceList {...props} graph={graph} figures={figures} />;
}

function reasonsByLink(model: ServiceMapModel, graph: ViewGraph): Map<string, readonly string[]> {
  const reasons = new Map<string, readonly string[]>();
  for (const link of graph.links.values()) {
    const found = new Set<string>();
    for (const id of link.edgeIds) for (const drop of model.edges.get(id)?.drops ?? []) found.add(drop.reason);
    if (found.size > 0) reasons.set(link.id, [...found]);
  }
  return reasons;
}

function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

function useFullscreen(element: React.RefObject<HTMLElement | null>) {
  const [isFullscreen, setFullscreen] = useState(false);
  useEffect(() => {
    const read = () => setFullscreen(document.fullscreenElement === element.current && element.current !== null);
    document.addEventListener('fullscreenchange', read);
    return () => document.removeEventListener('fullscreenchange', read);
  }, [element]);
  const toggleFullscreen = () => {
    // Refused where the browser or a frame forbids it; the button then simply does nothing.
    if (document.fullscreenElement) document.exitFullscreen().catch(() => undefined);
    else element.current?.requestFullscreen().catch(() => undefined);
  };
  return { isFullscreen, toggleFullscreen };
}
