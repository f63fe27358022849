// Keeps the map still: owns what is open, the placement on screen, and when either may change. Models with an unchanged
// topology pass through without a layout. Everything else about the map is derived from its snapshot.

import type { MapVertex, ServiceMapModel } from '../store/service-map-model.ts';
import { Ghosts } from './ghosts.ts';
import { decideClosed } from './graph/closed-groups.ts';
import { groupingOf, type ViewGraph, viewGraph } from './graph/view-graph.ts';
import type { LaidOutMap, LayoutRequest } from './layout/lay-out.ts';
import type { Cell, LayoutGraph } from './layout/layout-graph.ts';
import type { Placement } from './layout/placement.ts';
import { type Folds, type MapScope, NO_FOLDS } from './map-view-types.ts';
import { type MapMemory, noMemory } from './place-memory.ts';
import { makeScene, type Scene } from './scene.ts';

export interface SceneSnapshot {
  readonly graph: ViewGraph;
  readonly scene: Scene;
  /** Box id to true if it is shown as one card. */
  readonly closed: ReadonlyMap<string, boolean>;
  /** Boxes and loose cards that the reader put where they are. */
  readonly pins: ReadonlySet<string>;
  /** Grows when the map was laid out from nothing, so that the view can fit it again. */
  readonly freshCount: number;
  /** Namespaces laid out without elk because its worker failed. */
  readonly engineFailures: number;
}

type Accepts = (vertex: MapVertex) => boolean;
export type Layouter = (request: LayoutRequest) => Promise<LaidOutMap>;

/** What is looked at, apart from the model. Another `memoryKey` is another map, whose places are its own. */
export interface MapSettings {
  readonly scope: MapScope;
  readonly folds: Folds;
  readonly accepts: Accepts;
  readonly memoryKey: string;
}

export interface KeeperOptions {
  readonly layouter: Layouter;
  readonly memory?: MapMemory;
  readonly now?: () => number;
}

const acceptAll = () => true;

export class SceneKeeper {
  readonly #layouter: Layouter;
  readonly #memory: MapMemory;
  readonly #now: () => number;
  readonly #listeners = new Set<() => void>();
  readonly #ghosts = new Ghosts();
  #model: ServiceMapModel | undefined;
  #shown: ServiceMapModel | undefined;
  #settings: MapSettings = { scope: 'workload', folds: NO_FOLDS, accepts: acceptAll, memoryKey: '' };
  #decided = new Map<string, boolean>();
  #pins = new Set<string>();
  #snapshot: SceneSnapshot | undefined;
  #wants: 'kept' | 'fresh' | 'remembered' = 'remembered';
  #move: LayoutRequest['move'];
  /** The layout in progress was started from an older state than the present one. */
  #isStale = false;
  #isRunning = false;

  constructor({ layouter, memory = noMemory, now = Date.now }: KeeperOptions) {
    this.#layouter = layouter;
    this.#memory = memory;
    this.#now = now;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Undefined until the first layout is done. */
  readonly snapshot = (): SceneSnapshot | undefined => this.#snapshot;

  setModel(model: ServiceMapModel, settings: MapSettings): void {
    if (model !== this.#model) {
      const shown = this.#ghosts.add(model, this.#now());
      if (shown.topologyRevision !== this.#shown?.topologyRevision) this.#isStale = true;
      this.#model = model;
      this.#shown = shown;
    }
    const before = this.#settings;
    if (before.scope !== settings.scope || before.memoryKey !== settings.memoryKey) {
      this.#decided = new Map();
      this.#wants = 'remembered';
      this.#isStale = true;
    }
    if (before.folds !== settings.folds || before.accepts !== settings.accepts) this.#isStale = true;
    this.#settings = settings;
    if (this.#isStale) void this.#layOut();
  }

  /** Lays out afresh; what is pinned stays. */
  tidy(): void {
    this.#wants = 'fresh';
    void this.#layOut();
  }

  /** Puts a card or a box elsewhere, and pins it there. */
  move(id: string, cell: Cell): void {
    const { placement } = this.#snapshot?.scene ?? {};
    if (placement === undefined) return;
    const block = placement.blocks.has(id) ? id : [...placement.blocks.values()].find((each) => each.cells.has(id))?.id;
    if (block !== undefined) this.#pins = new Set(this.#pins).add(block);
    this.#move = { id, cell };
    void this.#layOut();
  }

  /** Lets it go: it stays where it is until the map is tidied. */
  unpin(id: string): void {
    const current = this.#snapshot;
    if (current === undefined || !this.#pins.has(id)) return;
    this.#pins = new Set([...this.#pins].filter((each) => each !== id));
    this.#publish({ ...current, pins: this.#pins });
  }

  async #layOut(): Promise<void> {
    this.#isStale = true;
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      while (this.#isStale) {
        this.#isStale = false;
        await this.#layOutOnce();
      }
    } finally {
      this.#isRunning = false;
    }
  }

  async #layOutOnce(): Promise<void> {
    const model = this.#shown;
    if (model === undefined) return;
    const { scope, folds, accepts, memoryKey } = this.#settings;
    const grouping = groupingOf(model, accepts, scope);
    const sizes = new Map([...grouping.groups].map(([id, group]) => [id, group.cardCount]));
    const { closed, decided } = decideClosed(sizes, grouping.looseCount, this.#decided, folds);
    this.#decided = decided;
    const graph = viewGraph(model, grouping, new Set([...sizes.keys()].filter((id) => closed.get(id))));
    const wants = this.#wants;
    this.#wants = 'kept';
    const move = this.#move;
    this.#move = undefined;
    const kept = this.#keptFor(wants, memoryKey, graph);
    const pins = wants === 'fresh' ? this.#pinnedCells() : new Map<string, Cell>();
    const laidOut = await this.#layouter({
      graph: graph.layout,
      titles: [...graph.vertices.values()].map((vertex) => vertex.title),
      previous: kept,
      pins,
      ...(move === undefined || kept === undefined ? {} : { move }),
    });
    // Meanwhile the reader may have turned to another map.
    if (this.#settings.memoryKey !== memoryKey || this.#settings.scope !== scope) return;
    if (this.#snapshot === undefined) performance.mark('map laid out');
    const isFresh = wants !== 'kept' || this.#snapshot === undefined || this.#snapshot.scene.cards.size === 0;
    this.#publish({
      graph,
      scene: makeScene(laidOut),
      closed,
      pins: this.#pins,
      engineFailures: laidOut.engineFailures,
      freshCount: (this.#snapshot?.freshCount ?? 0) + (isFresh ? 1 : 0),
    });
  }

  #keptFor(wants: 'kept' | 'fresh' | 'remembered', memoryKey: string, graph: ViewGraph): LayoutRequest['previous'] {
    if (wants === 'fresh') return undefined;
    if (wants === 'remembered') {
      const remembered = this.#memory.recall(memoryKey);
      const isOfThis = remembered !== undefined && isMostlyOf(remembered.placement, graph.layout);
      this.#pins = new Set(isOfThis ? remembered.pins : []);
      return isOfThis ? { ...remembered } : undefined;
    }
    const scene = this.#snapshot?.scene;
    if (scene === undefined || scene.cards.size === 0) return undefined;
    return { placement: scene.placement, cardWidth: scene.cardWidth, gutters: scene.gutters };
  }

  #pinnedCells(): Map<string, Cell> {
    const blocks = this.#snapshot?.scene.placement.blocks;
    const pinned = new Map<string, Cell>();
    for (const id of this.#pins) {
      const block = blocks?.get(id);
      if (block !== undefined) pinned.set(id, { column: block.column, row: block.row });
    }
    return pinned;
  }

  #publish(snapshot: SceneSnapshot): void {
    this.#snapshot = snapshot;
    const { placement, cardWidth, gutters } = snapshot.scene;
    if (placement.blocks.size > 0) {
      this.#memory.remember(this.#settings.memoryKey, { placement, cardWidth, gutters, pins: snapshot.pins });
    }
    for (const listener of this.#listeners) listener();
  }
}

/** A map of other things, or with more holes than cards, is no help: then the next one is laid out afresh. */
function isMostlyOf(placement: Placement, graph: LayoutGraph): boolean {
  const present = new Set(graph.vertices.map((vertex) => vertex.id));
  let known = 0;
  let all = 0;
  for (const block of placement.blocks.values()) {
    for (const id of block.cells.keys()) {
      all += 1;
      if (present.has(id)) known += 1;
    }
  }
  return known > 0 && known * 2 >= Math.max(all, present.size);
}
