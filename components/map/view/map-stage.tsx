'use client';

// The stage: two canvases, the DOM cards over them, and the pointer. Chooses between DOM and canvas cards by how many
// are in view, and turns hits and keys into selections.

import { type KeyboardEvent, type PointerEvent, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { MapPainter } from '../draw/map-painter.ts';
import type { Camera } from '../draw/static-layer.ts';
import { cardLine } from '../graph/figure-text.ts';
import type { MapFigures } from '../graph/figures.ts';
import { highlightOf } from '../graph/highlight.ts';
import type { MapMetric, MapSelection } from '../map-view-types.ts';
import { BOX_SIDE, BOX_TOP, type Point, type Rect, ROW_PITCH } from '../routing/grid-metrics.ts';
import type { Hit } from '../routing/hit-index.ts';
import { markerPlaces } from '../routing/marker-places.ts';
import type { Scene } from '../scene.ts';
import type { SceneKeeper, SceneSnapshot } from '../scene-keeper.ts';
import { DropMarker } from './drop-marker.tsx';
import { ZoomControls } from './map-controls.tsx';
import { MapTooltip } from './map-tooltip.tsx';
import { NamespaceHeader } from './namespace-header.tsx';
import { canvasBoxes, canvasCards, cardLabel, dotsOf, dropLabel, edgeLayerOf, reasonText } from './picture.ts';
import { ServiceCard } from './service-card.tsx';
import { useCamera } from './use-camera.ts';
import { type Drag, useDrag } from './use-drag.ts';
import { useMotionAllowed } from './use-motion-allowed.ts';
import { usePalette } from './use-palette.ts';
import { useStageSize } from './use-stage-size.ts';

export interface MapStageProps {
  readonly keeper: SceneKeeper;
  readonly snapshot: SceneSnapshot;
  readonly figures: MapFigures;
  readonly dropReasons: ReadonlyMap<string, readonly string[]>;
  readonly selection: MapSelection | null;
  readonly onSelect: (selection: MapSelection | null) => void;
  readonly hovered: MapSelection | null;
  readonly onHover: ((selection: MapSelection | null) => void) | undefined;
  readonly metric: MapMetric;
  readonly find: string;
  readonly onShowDrops: ((sourceId: string, destinationId: string) => void) | undefined;
  readonly isFullscreen: boolean;
  readonly onFullscreen: () => void;
}

/** More cards in view than this, or smaller than this, are drawn on the canvas. */
const MAX_DOM_CARDS = 150;
const MIN_DOM_ZOOM = 0.5;
/** Cards this far outside the view, in screen pixels, are already in the DOM when they are panned in. */
const CULL_MARGIN = 240;
const CULL_EVERY_MS = 120;
const GLIDE_MS = 300;
/** Reach of the pointer around a link, in screen pixels. */
const LINK_REACH = 6;
const PAN_STEP = 80;

interface Hover {
  readonly hit: Hit;
  readonly at: Point;
}

export function MapStage(props: MapStageProps) {
  const { keeper, snapshot, figures, selection, onSelect, metric } = props;
  const { graph, scene } = snapshot;
  const stage = useRef<HTMLDivElement>(null);
  const world = useRef<HTMLDivElement>(null);
  const still = useRef<HTMLCanvasElement>(null);
  const moving = useRef<HTMLCanvasElement>(null);
  const painter = useRef<MapPainter | null>(null);
  const cullTimer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const [rest, setRest] = useState<Camera>({ x: 0, y: 0, k: 1 });
  const [hover, setHover] = useState<Hover | null>(null);
  const size = useStageSize(stage);
  const palette = usePalette(stage);
  const isMotionAllowed = useMotionAllowed();

  const onMove = useCallback((camera: Camera) => {
    painter.current?.setCamera(camera);
    const layer = world.current;
    if (layer) {
      layer.style.transform = `translate(${camera.x}px, ${camera.y}px) scale(${camera.k})`;
      layer.style.setProperty('--map-zoom', String(camera.k));
    }
    cullTimer.current ??= setTimeout(() => {
      cullTimer.current = undefined;
      setRest(cameraNow.current());
    }, CULL_EVERY_MS);
  }, []);
  const camera = useCamera(stage, onMove);
  const cameraNow = useRef(camera.camera);
  useEffect(() => () => clearTimeout(cullTimer.current), []);

  useEffect(() => {
    if (!still.current || !moving.current) return;
    const made = new MapPainter(still.current, moving.current);
    painter.current = made;
    return () => {
      made.destroy();
      painter.current = null;
    };
  }, []);

  const hoveredSelection = useMemo(() => (hover ? selectionOf(hover.hit, snapshot) : null), [hover, snapshot]);
  const highlight = useMemo(
    () => highlightOf(graph, selection, hoveredSelection ?? props.hovered, props.find),
    [graph, selection, hoveredSelection, props.hovered, props.find],
  );
  const inView = useMemo(() => cardsInView(scene, rest, size), [scene, rest, size]);
  const hasDomCards = rest.k >= MIN_DOM_ZOOM && inView.length <= MAX_DOM_CARDS;

  useEffect(() => painter.current?.setSize(size.width, size.height, size.pixelRatio), [size]);
  useEffect(() => {
    if (palette) painter.current?.setPalette(palette);
  }, [palette]);
  useEffect(() => painter.current?.setAnimated(isMotionAllowed), [isMotionAllowed]);
  useEffect(() => {
    painter.current?.setPicture({
      boxes: canvasBoxes(graph, scene),
      cards: hasDomCards ? [] : canvasCards(graph, scene, figures, metric, highlight),
      hasLabels: !hasDomCards,
      edges: edgeLayerOf(scene, figures, metric, highlight),
    });
    painter.current?.setDots(dotsOf(scene, figures, highlight));
  }, [graph, scene, figures, metric, highlight, hasDomCards]);

  const fittedCount = useRef(0);
  useEffect(() => {
    if (size.width === 0 || fittedCount.current === snapshot.freshCount) return;
    camera.fit(scene.bounds, fittedCount.current > 0);
    fittedCount.current = snapshot.freshCount;
    setRest(camera.camera());
  }, [camera, scene, snapshot.freshCount, size.width]);

  const isGliding = useGliding(scene);
  const { onHover } = props;
  const changeHover = useCallback(
    (next: Hover | null) => {
      setHover((current) => (isSameHit(current?.hit, next?.hit) && !next ? current : next));
      onHover?.(next ? selectionOf(next.hit, snapshot) : null);
    },
    [onHover, snapshot],
  );

  const onDrop = useCallback(
    (drag: Drag) => {
      const rect = scene.cards.get(drag.id) ?? cornerOf(scene.boxes.get(drag.id));
      if (rect) keeper.move(drag.id, cellAt(scene, rect.x + drag.dx, rect.y + drag.dy));
    },
    [keeper, scene],
  );
  const { drag, grab, consumedClick } = useDrag(camera.camera, onDrop);
  const press = useCallback(
    (cardId: string) => {
      if (!consumedClick()) onSelect(selectionOf({ kind: 'card', id: cardId }, snapshot));
    },
    [consumedClick, onSelect, snapshot],
  );
  const pressLink = useCallback(
    (linkId: string) => {
      const link = graph.links.get(linkId);
      if (!link) return;
      if (props.onShowDrops) props.onShowDrops(link.sourceId, link.destinationId);
      else onSelect(selectionOf({ kind: 'link', id: linkId }, snapshot));
    },
    [graph, onSelect, props.onShowDrops, snapshot],
  );
  const openGroup = useCallback((id: string) => keeper.setClosed([id], false), [keeper]);
  const closeGroup = useCallback((id: string) => keeper.setClosed([id], true), [keeper]);
  const focusCard = useCallback(
    (id: string | null) => {
      const rect = id === null ? undefined : scene.cards.get(id);
      const { x, y, k } = cameraNow.current();
      // A pressed card has the focus too; only the keyboard's focus brings up the tooltip.
      if (!id || !rect || !stage.current?.querySelector(':focus-visible')) changeHover(null);
      else changeHover({ hit: { kind: 'card', id }, at: { x: (rect.x + rect.width) * k + x, y: rect.y * k + y } });
    },
    [changeHover, scene],
  );
  const hoverLink = useCallback(
    (id: string | null) => {
      const at = id === null ? undefined : markersRef.current.get(id);
      const { x, y, k } = cameraNow.current();
      changeHover(id && at ? { hit: { kind: 'link', id }, at: { x: at.x * k + x, y: at.y * k + y } } : null);
    },
    [changeHover],
  );

  const droppedIds = useMemo(
    () => [...figures.links].filter(([id, each]) => each.dropped > 0 && scene.flat.has(id)).map(([id]) => id),
    [figures, scene],
  );
  const droppedKey = droppedIds.join('\n');
  const markers = useMemo(
    () => markerPlaces(droppedKey === '' ? [] : droppedKey.split('\n'), scene.flat, scene.hits),
    [droppedKey, scene],
  );
  const markersRef = useRef(markers);
  markersRef.current = markers;

  const onPointerMove = (event: PointerEvent<HTMLDivElement>) => {
    if (event.buttons !== 0 || drag) return;
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest('[data-map-control]')) return;
    const at = pointIn(stage.current, event);
    const { x, y, k } = camera.camera();
    const hit = scene.hits.at({ x: (at.x - x) / k, y: (at.y - y) / k }, Math.min(100, LINK_REACH / k));
    changeHover(hit ? { hit, at } : null);
  };
  const onClick = (event: PointerEvent<HTMLDivElement> | React.MouseEvent<HTMLDivElement>) => {
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest('[data-map-card], [data-map-control]')) return;
    const at = pointIn(stage.current, event);
    const { x, y, k } = camera.camera();
    const hit = scene.hits.at({ x: (at.x - x) / k, y: (at.y - y) / k }, Math.min(100, LINK_REACH / k));
    onSelect(hit ? selectionOf(hit, snapshot) : null);
  };
  const onDoubleClick = () => {
    if (hover?.hit.kind === 'card' && snapshot.closed.get(hover.hit.id)) openGroup(hover.hit.id);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const act = keyAction(
      event.key,
      camera,
      () => camera.fit(scene.bounds, true),
      () => onSelect(null),
    );
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  };

  const cards = hasDomCards ? inView : [];
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset groups form controls; this is a drawing surface
    <div
      ref={stage}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys and +, -, 0 move the camera from here
      tabIndex={0}
      role="group"
      aria-label="Map. Arrow keys pan, plus and minus zoom, 0 fits. Tab reaches the services; the List button shows them as text."
      className={`absolute inset-0 touch-none select-none overflow-hidden outline-none focus-visible:shadow-[inset_0_0_0_2px_var(--accent)] ${hover?.hit.kind === 'link' ? 'cursor-pointer' : 'cursor-grab active:cursor-grabbing'}`}
      onPointerMove={onPointerMove}
      onPointerLeave={() => changeHover(null)}
      onClick={onClick}
      onDoubleClick={onDoubleClick}
      onKeyDown={onKeyDown}
    >
      <canvas ref={still} className="absolute top-0 left-0 origin-top-left" />
      <canvas ref={moving} className="pointer-events-none absolute top-0 left-0" />
      <div ref={world} className="absolute top-0 left-0 origin-top-left">
        {hasDomCards &&
          [...scene.boxes].map(([id, rect]) => {
            const group = graph.groups.get(id);
            if (!group) return null;
            const isFaded = highlight.fadesRest && !group.memberIds.some((member) => highlight.litCards.has(member));
            return (
              <NamespaceHeader
                key={id}
                group={group}
                rect={moved(rect, drag, id)}
                isFaded={isFaded}
                onPress={press}
                onClose={closeGroup}
                onGrab={grab}
              />
            );
          })}
        {cards.map((id) => {
          const card = graph.vertices.get(id);
          const rect = scene.cards.get(id);
          const each = figures.cards.get(id);
          if (!card || !rect || !each) return null;
          const isLit = highlight.litCards.has(id);
          return (
            <ServiceCard
              key={id}
              card={card}
              rect={moved(rect, drag, card.groupId === drag?.id ? drag.id : id)}
              line={cardLine(each, metric, figures.seconds)}
              label={cardLabel(card, each, figures.seconds)}
              status={each.status}
              isSelected={highlight.selectedCards.has(id)}
              isLit={isLit && hoveredSelection !== null}
              isFaded={highlight.fadesRest && !isLit}
              isGliding={isGliding && !drag}
              onPress={press}
              onOpen={openGroup}
              onFocus={focusCard}
              onGrab={grab}
            />
          );
        })}
        {[...markers].map(([id, at]) => {
          const link = graph.links.get(id);
          const each = figures.links.get(id);
          if (!link || !each) return null;
          const reasons = (props.dropReasons.get(id) ?? []).map(reasonText);
          return (
            <DropMarker
              key={id}
              linkId={id}
              at={at}
              label={dropLabel(link, graph, each, figures.seconds, reasons)}
              isPartial={each.status !== 'bad'}
              isFaded={highlight.fadesRest && !highlight.litLinks.has(id)}
              onPress={pressLink}
              onHover={hoverLink}
            />
          );
        })}
      </div>
      {hover && !drag && <HoverTooltip hover={hover} size={size} {...props} />}
      <ZoomControls
        isFullscreen={props.isFullscreen}
        onZoom={camera.zoomBy}
        onFit={() => camera.fit(scene.bounds, true)}
        onTidy={() => keeper.tidy()}
        onFullscreen={props.onFullscreen}
      />
    </div>
  );
}

function HoverTooltip({
  hover,
  size,
  snapshot,
  figures,
  dropReasons,
}: MapStageProps & { hover: Hover; size: { width: number; height: number } }) {
  const { graph } = snapshot;
  const { id, kind } = hover.hit;
  const each = kind === 'card' ? figures.cards.get(id) : figures.links.get(id);
  if (!each) return null;
  const shared = { figures: each, seconds: figures.seconds, at: hover.at, stage: size };
  if (kind === 'card') {
    const card = graph.vertices.get(id);
    const place = card?.vertex
      ? [card.vertex.namespace, card.vertex.workloadKind || card.vertex.kind].filter(Boolean).join(' · ')
      : `${card?.memberIds.length ?? 0} services, double-click to open`;
    return <MapTooltip {...shared} title={card?.title ?? id} subtitle={place} notes={[]} />;
  }
  const link = graph.links.get(id);
  if (!link) return null;
  const title = `${graph.vertices.get(link.sourceId)?.title} → ${graph.vertices.get(link.destinationId)?.title}`;
  const connections = link.edgeIds.length === 1 ? '1 connection' : `${link.edgeIds.length} connections`;
  const notes = (dropReasons.get(id) ?? []).map((reason) => `Dropped: ${reasonText(reason)}`);
  return <MapTooltip {...shared} title={title} subtitle={connections} notes={notes} />;
}

function selectionOf(hit: Hit, { graph }: SceneSnapshot): MapSelection | null {
  if (hit.kind === 'link') {
    const link = graph.links.get(hit.id);
    return link ? { kind: 'edge', sourceId: link.sourceId, destinationId: link.destinationId } : null;
  }
  const group = graph.groups.get(hit.id);
  if (group) return { kind: 'namespace', cluster: group.cluster, namespace: group.namespace };
  return { kind: 'vertex', id: hit.id };
}

function isSameHit(left: Hit | undefined, right: Hit | undefined): boolean {
  return left?.kind === right?.kind && left?.id === right?.id;
}

/** Ids of cards in or near the view, in reading order, so that Tab goes from left to right and top to bottom. */
function cardsInView(scene: Scene, camera: Camera, size: { width: number; height: number }): string[] {
  const margin = CULL_MARGIN / camera.k;
  const left = -camera.x / camera.k - margin;
  const top = -camera.y / camera.k - margin;
  const right = left + size.width / camera.k + 2 * margin;
  const bottom = top + size.height / camera.k + 2 * margin;
  return [...scene.cards]
    .filter(([, rect]) => rect.x + rect.width > left && rect.x < right && rect.y + rect.height > top && rect.y < bottom)
    .sort(([, one], [, other]) => one.x - other.x || one.y - other.y)
    .map(([id]) => id);
}

function moved(rect: Rect, drag: Drag | null, id: string): Rect {
  return drag?.id === id ? { ...rect, x: rect.x + drag.dx, y: rect.y + drag.dy } : rect;
}

/** A box is placed by its first cell, not by its frame. */
function cornerOf(box: Rect | undefined): Point | undefined {
  return box && { x: box.x + BOX_SIDE, y: box.y + BOX_TOP };
}

function cellAt(scene: Scene, x: number, y: number): { column: number; row: number } {
  let column = 0;
  let nearest = Number.POSITIVE_INFINITY;
  const last = (scene.columnXs.at(-1) ?? 0) + scene.cardWidth + (scene.gutters.at(-1) ?? 0);
  [...scene.columnXs, last].forEach((start, index) => {
    const distance = Math.abs(start - x);
    if (distance < nearest) {
      nearest = distance;
      column = index;
    }
  });
  return { column, row: Math.round(y / ROW_PITCH) };
}

function pointIn(stage: HTMLElement | null, event: { clientX: number; clientY: number }): Point {
  const bounds = stage?.getBoundingClientRect();
  return { x: event.clientX - (bounds?.left ?? 0), y: event.clientY - (bounds?.top ?? 0) };
}

/** True for a moment after cards got new places, so that they glide there; never for the first picture. */
function useGliding(scene: Scene): boolean {
  const [settled, setSettled] = useState(scene);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(scene), GLIDE_MS);
    return () => clearTimeout(timer);
  }, [scene]);
  return settled !== scene;
}

function keyAction(
  key: string,
  camera: { zoomBy: (factor: number) => void; panBy: (dx: number, dy: number) => void },
  fit: () => void,
  clear: () => void,
): (() => void) | undefined {
  switch (key) {
    case '+':
    case '=':
      return () => camera.zoomBy(1.3);
    case '-':
      return () => camera.zoomBy(1 / 1.3);
    case '0':
      return fit;
    case 'ArrowLeft':
      return () => camera.panBy(PAN_STEP, 0);
    case 'ArrowRight':
      return () => camera.panBy(-PAN_STEP, 0);
    case 'ArrowUp':
      return () => camera.panBy(0, PAN_STEP);
    case 'ArrowDown':
      return () => camera.panBy(0, -PAN_STEP);
    case 'Escape':
      return clear;
    default:
      return undefined;
  }
}
