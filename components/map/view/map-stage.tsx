'use client';

// The stage: two canvases, the DOM cards over them, and the pointer. Chooses between DOM and canvas cards by how many
// are in view, and turns hits and keys into selections.

import { type KeyboardEvent, type PointerEvent, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { readPalette } from '../draw/palette.ts';
import { type Camera, MIN_DETAIL_ZOOM } from '../draw/static-layer.ts';
import type { MapFigures } from '../graph/figures.ts';
import { highlightOf } from '../graph/highlight.ts';
import type { EdgeMark, MapMetric, MapSelection, StepTarget } from '../map-view-types.ts';
import type { SceneKeeper, SceneSnapshot } from '../scene-keeper.ts';
import { type Hover, HoverTooltip } from './hover-tooltip.tsx';
import { ZoomControls } from './map-controls.tsx';
import { exceedsView, Minimap, type MinimapHandle } from './minimap.tsx';
import { canvasBoxes, canvasCards, dotsOf, stylesOf } from './picture.ts';
import type { PictureFormat } from './save-map.ts';
import { StageCards } from './stage-cards.tsx';
import { cardsInView, cellAt, cornerOf, groupOf, isSameHit, pointIn, selectionOf, stepOf } from './stage-geometry.ts';
import { keyAction } from './stage-keys.ts';
import { useCamera } from './use-camera.ts';
import { type Drag, useDrag } from './use-drag.ts';
import { useDropMarkers } from './use-drop-markers.ts';
import { useGliding } from './use-gliding.ts';
import { usePainter } from './use-painter.ts';
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
  /** By link. */
  readonly marks: ReadonlyMap<string, EdgeMark>;
  readonly find: string;
  readonly onShowDrops: ((sourceId: string, destinationId: string) => void) | undefined;
  readonly onFold: (id: string, isClosed: boolean) => void;
  readonly onStep: ((target: StepTarget) => void) | undefined;
  readonly isFullscreen: boolean;
  readonly onFullscreen: () => void;
}

/** More cards in view than this, or smaller than this, are drawn on the canvas. */
const MAX_DOM_CARDS = 150;
const MIN_DOM_ZOOM = 0.5;
const CULL_EVERY_MS = 120;
const REFIT_AFTER_MS = 350;
/** Reach of the pointer around a link, in screen pixels. */
const LINK_REACH = 6;

export function MapStage(props: MapStageProps) {
  const { keeper, snapshot, figures, selection, onSelect, metric } = props;
  const { graph, scene } = snapshot;
  const stage = useRef<HTMLDivElement>(null);
  const world = useRef<HTMLDivElement>(null);
  const still = useRef<HTMLCanvasElement>(null);
  const moving = useRef<HTMLDivElement>(null);
  const minimap = useRef<MinimapHandle>(null);
  const cullTimer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const [rest, setRest] = useState<Camera>({ x: 0, y: 0, k: 1 });
  const [hover, setHover] = useState<Hover | null>(null);
  const size = useStageSize(stage);
  const painter = usePainter(stage, still, moving, size);

  const onMove = useCallback(
    (camera: Camera) => {
      painter.current?.setCamera(camera);
      minimap.current?.follow(camera);
      const layer = world.current;
      if (layer) {
        layer.style.transform = `translate(${camera.x}px, ${camera.y}px) scale(${camera.k})`;
        layer.style.setProperty('--map-zoom', String(camera.k));
      }
      cullTimer.current ??= setTimeout(() => {
        cullTimer.current = undefined;
        setRest(cameraNow.current());
      }, CULL_EVERY_MS);
    },
    [painter],
  );
  const camera = useCamera(stage, onMove);
  const cameraNow = useRef(camera.camera);
  useEffect(() => () => clearTimeout(cullTimer.current), []);

  const hoveredSelection = useMemo(() => (hover ? selectionOf(hover.hit, snapshot) : null), [hover, snapshot]);
  const highlight = useMemo(
    () => highlightOf(graph, selection, hoveredSelection ?? props.hovered, props.find),
    [graph, selection, hoveredSelection, props.hovered, props.find],
  );
  const inView = useMemo(() => cardsInView(scene, rest, size), [scene, rest, size]);
  const hasDomCards = rest.k >= MIN_DOM_ZOOM && inView.length <= MAX_DOM_CARDS;

  const hasLines = rest.k >= MIN_DETAIL_ZOOM;
  useEffect(() => {
    const picture = {
      boxes: canvasBoxes(graph, scene),
      cards: hasDomCards ? [] : canvasCards(graph, scene, figures, metric, highlight, hasLines),
      hasLabels: !hasDomCards,
      ...stylesOf(scene, figures, metric, highlight, props.marks),
    };
    painter.current?.setPicture(scene, picture, hasDomCards);
    painter.current?.setDots(dotsOf(scene, figures, highlight));
  }, [graph, scene, figures, metric, highlight, props.marks, hasDomCards, hasLines, painter]);

  // Everything stays in view, whatever joins and however the stage is resized, until the reader takes the camera.
  const fittedCount = useRef(0);
  useEffect(() => {
    if (size.width === 0 || size.height === 0) return;
    const isNew = fittedCount.current !== snapshot.freshCount;
    if (!isNew && camera.isTaken()) return;
    const fit = () => {
      camera.fit(scene.bounds, fittedCount.current > 0);
      fittedCount.current = snapshot.freshCount;
      setRest(camera.camera());
    };
    if (isNew) return fit();
    // A press opens the details, which narrows the stage: a card must not slide away under the second press of two.
    const timer = setTimeout(fit, REFIT_AFTER_MS);
    return () => clearTimeout(timer);
  }, [camera, scene, snapshot.freshCount, size.width, size.height]);

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
      if (!rect) return;
      camera.take();
      keeper.move(drag.id, cellAt(scene, rect.x + drag.dx, rect.y + drag.dy));
    },
    [camera, keeper, scene],
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
  const { onFold, onStep } = props;
  const step = useCallback(
    (cardId: string) => {
      const target = stepOf(cardId, snapshot);
      if (target !== undefined) onStep?.(target);
    },
    [onStep, snapshot],
  );
  /** Opens what is closed; steps into what is a card by the scope. */
  const openCard = useCallback(
    (id: string) => (snapshot.closed.get(id) ? onFold(id, false) : step(id)),
    [onFold, snapshot, step],
  );
  const closeGroup = useCallback((id: string) => onFold(id, true), [onFold]);
  const unpin = useCallback((id: string) => keeper.unpin(id), [keeper]);
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

  const markers = useDropMarkers(figures, scene);
  const markersRef = useRef(markers);
  markersRef.current = markers;

  const save = (format: PictureFormat) => {
    if (!stage.current) return;
    const picture = {
      boxes: canvasBoxes(graph, scene),
      cards: canvasCards(graph, scene, figures, metric, highlight, true),
      hasLabels: true,
      ...stylesOf(scene, figures, metric, highlight, props.marks),
    };
    const { bounds, lines } = scene;
    const palette = readPalette(stage.current);
    // Fetched when it is wanted. A browser that cannot paint it says so in its console, and saves nothing.
    void import('./save-map.ts').then(({ saveMap }) =>
      saveMap({ bounds, lines, picture, drops: [...markers.values()], palette }, format),
    );
  };

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
    if (hover?.hit.kind === 'card') openCard(hover.hit.id);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const focused = event.target instanceof Element ? event.target.closest('[data-map-card]') : null;
    const focusedId = focused?.getAttribute('data-map-card') ?? '';
    if (event.key === 'Enter' && event.shiftKey && focusedId !== '') {
      event.preventDefault();
      openCard(focusedId);
      return;
    }
    if (event.key === 'Backspace' && snapshot.closed.get(groupOf(focusedId, snapshot)) === false) {
      event.preventDefault();
      closeGroup(groupOf(focusedId, snapshot));
      return;
    }
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
      <div ref={moving} className="pointer-events-none absolute top-0 left-0" />
      <div ref={world} className="absolute top-0 left-0 origin-top-left">
        <StageCards
          snapshot={snapshot}
          figures={figures}
          metric={metric}
          dropReasons={props.dropReasons}
          highlight={highlight}
          isHovering={hoveredSelection !== null}
          isGliding={isGliding}
          hasDomCards={hasDomCards}
          cardIds={hasDomCards ? inView : []}
          markers={markers}
          drag={drag}
          onPress={press}
          onPressLink={pressLink}
          onOpen={openCard}
          onStep={onStep === undefined ? undefined : step}
          onClose={closeGroup}
          onUnpin={unpin}
          onFocusCard={focusCard}
          onHoverLink={hoverLink}
          onGrab={grab}
        />
      </div>
      {hover && !drag && (
        <HoverTooltip hover={hover} size={size} snapshot={snapshot} figures={figures} dropReasons={props.dropReasons} />
      )}
      {exceedsView(scene.bounds, rest, size) && (
        <Minimap ref={minimap} scene={scene} camera={rest} size={size} onGo={camera.centreOn} />
      )}
      <ZoomControls
        isFullscreen={props.isFullscreen}
        onZoom={camera.zoomBy}
        onFit={() => camera.fit(scene.bounds, true)}
        onTidy={() => keeper.tidy()}
        onFullscreen={props.onFullscreen}
        onSave={save}
      />
    </div>
  );
}
