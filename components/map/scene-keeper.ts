// Keeps the map still: owns which namespaces are open, the placement on screen, and when either may change. Models
// with an unchanged topology pass through without a layout. Everything else about the map is derived from its snapshot.

import type { MapVertex, ServiceMapModel } from '../store/service-map-model.ts';
import { decideClosed } from './graph/closed-groups.ts';
import { groupsOf, type ViewGraph, viewGraph } from './graph/view-graph.ts';
import type { GroupLayouts } from './layout/layered-group.ts';
import type { Cell } from './layout/layout-graph.ts';
import { layOutMap } from './layout/layout-map.ts';
import { moveTo } from './layout/place-kept.ts';
import type { Placement } from './layout/placement.ts';
import { cardWidthFor } from './routing/grid-metrics.ts';
import { makeScene, type Scene } from './scene.ts';

export interface SceneSnapshot {
  readonly graph: ViewGraph;
  readonly scene: Scene;
  /** Group id to true if it is shown as one card. */
  readonly closed: ReadonlyMap<string, boolean>;
  /** Grows when the map was laid out from nothing, so that the view can fit it again. */
  readonly freshCount: number;
  /** Namespaces laid out without elk because its worker failed. */
  readonly engineFailures: number;
}

type Accepts = (vertex: MapVertex) => boolean;

export class SceneKeeper {
  readonly #layouts: GroupLayouts;
  readonly #listeners = new Set<() => void>();
  #model: ServiceMapModel | undefined;
  #accepts: Accepts | undefined;
  #decided = new Map<string, boolean>();
  #snapshot: SceneSnapshot | undefined;
  #wantsFresh = true;
  /** The layout in progress was started from an older state than the present one. */
  #isStale = false;
  #isRunning = false;

  constructor(layouts: GroupLayouts) {
    this.#layouts = layouts;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Undefined until the first layout is done. */
  readonly snapshot = (): SceneSnapshot | undefined => this.#snapshot;

  setModel(model: ServiceMapModel, accepts: Accepts): void {
    const isSame = this.#model?.topologyRevision === model.topologyRevision && this.#accepts === accepts;
    this.#model = model;
    this.#accepts = accepts;
    if (!isSame) void this.#layOut();
  }

  setClosed(groupIds: readonly string[], isClosed: boolean): void {
    for (const id of groupIds) this.#decided.set(id, isClosed);
    void this.#layOut();
  }

  tidy(): void {
    this.#wantsFresh = true;
    void this.#layOut();
  }

  move(id: string, cell: Cell): void {
    const current = this.#snapshot;
    if (!current || this.#isRunning) return;
    this.#publish(current.graph, moveTo(current.scene.placement, id, cell), current.scene);
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
    const [model, accepts] = [this.#model, this.#accepts];
    if (!model || !accepts) return;
    const groups = groupsOf(model, accepts);
    let grouped = 0;
    for (const group of groups.values()) grouped += group.memberIds.length;
    const loose = [...model.vertices.values()].filter(accepts).length - grouped;
    this.#decided = decideClosed(groups, loose, this.#decided);
    const closed = new Set([...groups.keys()].filter((id) => this.#decided.get(id)));
    const graph = viewGraph(model, accepts, groups, closed);
    const isFresh = this.#wantsFresh;
    this.#wantsFresh = false;
    const kept = isFresh ? undefined : this.#snapshot?.scene;
    const placement = await layOutMap(graph.layout, this.#layouts, kept?.placement);
    this.#publish(graph, placement, kept);
  }

  #publish(graph: ViewGraph, placement: Placement, kept: Scene | undefined): void {
    const isFresh = !kept || kept.cards.size === 0;
    const names = [...graph.vertices.values()].map((vertex) => vertex.title);
    const cardWidth = isFresh ? cardWidthFor(names) : kept.cardWidth;
    this.#snapshot = {
      graph,
      scene: makeScene(graph.layout, placement, cardWidth, isFresh ? [] : kept.gutters),
      closed: new Map(this.#decided),
      engineFailures: this.#layouts.engineFailures,
      freshCount: (this.#snapshot?.freshCount ?? 0) + (isFresh ? 1 : 0),
    };
    for (const listener of this.#listeners) listener();
  }
}
