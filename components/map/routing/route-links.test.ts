import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { goldenSvg } from '../fixtures/golden-svg.ts';
import { nodeElkEngine } from '../fixtures/node-elk.ts';
import { randomModel } from '../fixtures/random-model.ts';
import { SHOP_MODEL } from '../fixtures/shop-model.ts';
import { groupingOf, viewGraph } from '../graph/view-graph.ts';
import { withPaths } from '../layout/lay-out.ts';
import { GroupLayouts, longestPathPositions } from '../layout/layered-group.ts';
import type { LayoutGraph } from '../layout/layout-graph.ts';
import { layOutMap } from '../layout/layout-map.ts';
import type { Placement } from '../layout/placement.ts';
import { makeScene, type Scene } from '../scene.ts';
import { LABEL_FROM, LABEL_TO, type Point, type Rect } from './grid-metrics.ts';
import { markerPlaces } from './marker-places.ts';
import { type RoutedMap, routeLinks } from './route-links.ts';

const all = () => true;
const GOLDEN = new URL('../fixtures/shop-map.svg', import.meta.url);

type RoutedScene = Scene & Pick<RoutedMap, 'routes'>;

async function sceneOf(
  size: number,
  seed: number,
  edgesPerService = 1.7,
): Promise<RoutedScene & { ends: Map<string, string[]> }> {
  const model = randomModel(size, seed, edgesPerService);
  const graph = viewGraph(model, groupingOf(model, all, 'workload'), new Set()).layout;
  const layouts = new GroupLayouts(async ({ vertexIds, links }) => longestPathPositions(vertexIds, links));
  const placement = await layOutMap(graph, layouts);
  const ends = new Map(graph.links.map((link) => [link.id, [link.sourceId, link.destinationId]]));
  return { ...routed(graph, placement, 160, []), ends };
}

function routed(graph: LayoutGraph, placement: Placement, cardWidth: number, gutters: readonly number[]): RoutedScene {
  const made = routeLinks(graph, placement, cardWidth, gutters);
  return { ...makeScene(withPaths(placement, made, 0)), routes: made.routes };
}

async function shopScene(): Promise<RoutedScene> {
  const graph = viewGraph(SHOP_MODEL, groupingOf(SHOP_MODEL, all, 'workload'), new Set()).layout;
  return routed(graph, await layOutMap(graph, new GroupLayouts(nodeElkEngine())), 160, []);
}

/** Axis-parallel stretches only, so that a box test is exact. */
function cuts(from: Point, to: Point, rect: Rect): boolean {
  return (
    Math.max(from.x, to.x) > rect.x &&
    Math.min(from.x, to.x) < rect.x + rect.width &&
    Math.max(from.y, to.y) > rect.y &&
    Math.min(from.y, to.y) < rect.y + rect.height
  );
}

function* stretches(points: readonly Point[]): Generator<[Point, Point]> {
  for (let index = 1; index < points.length; index++) {
    const [from, to] = [points[index - 1], points[index]];
    if (from && to) yield [from, to];
  }
}

const graphs = [
  fc.integer({ min: 2, max: 120 }),
  fc.integer({ min: 1, max: 1e6 }),
  fc.double({ min: 0.5, max: 4, noNaN: true }),
] as const;

test('no edge passes behind a card, its own ends included', async () => {
  await fc.assert(
    fc.asyncProperty(...graphs, async (size, seed, density) => {
      const scene = await sceneOf(size, seed, density);
      for (const [id, points] of scene.routes) {
        for (const [from, to] of stretches(points)) {
          assert.ok(from.x === to.x || from.y === to.y, `${id} has a slanted stretch`);
          for (const [cardId, rect] of scene.cards) assert.ok(!cuts(from, to, rect), `${id} passes behind ${cardId}`);
        }
      }
    }),
    { numRuns: 20 },
  );
});

test('no edge passes behind the label of a namespace', async () => {
  await fc.assert(
    fc.asyncProperty(...graphs, async (size, seed, density) => {
      const scene = await sceneOf(size, seed, density);
      for (const block of scene.placement.blocks.values()) {
        const box = scene.boxes.get(block.id);
        const corner = [...block.cells.values()].length > 0 && box;
        if (!corner) continue;
        const first = scene.columnXs[block.column] ?? 0;
        const top = box.y + (36 - LABEL_FROM);
        const label = { x: first, y: top, width: scene.cardWidth, height: LABEL_FROM - LABEL_TO };
        for (const [id, points] of scene.routes) {
          for (const [from, to] of stretches(points)) assert.ok(!cuts(from, to, label), `${id} crosses ${block.id}`);
        }
      }
    }),
    { numRuns: 20 },
  );
});

test('every route starts at its source and ends at its destination', async () => {
  const scene = await sceneOf(60, 7);
  for (const [id, points] of scene.routes) {
    const rects = (scene.ends.get(id) ?? []).map((end) => scene.cards.get(end));
    for (const [index, point] of [points[0], points.at(-1)].entries()) {
      const rect = rects[index];
      assert.ok(point && rect);
      assert.ok(point.x === rect.x || point.x === rect.x + rect.width, `${id} does not touch its card's side`);
      assert.ok(point.y > rect.y && point.y < rect.y + rect.height);
    }
  }
});

test('the two directions of a pair run on different lines', async () => {
  const graph = {
    vertices: ['a', 'b'].map((id) => ({ id, groupId: null })),
    links: [
      { id: 'a>b', sourceId: 'a', destinationId: 'b' },
      { id: 'b>a', sourceId: 'b', destinationId: 'a' },
    ],
  };
  const scene = routed(graph, await layOutMap(graph, new GroupLayouts(async () => new Map())), 160, []);
  const [there, back] = [scene.routes.get('a>b'), scene.routes.get('b>a')];
  assert.ok(there?.[0] && back?.[0]);
  assert.notEqual(there[0].y, back[0].y);
});

test('a new link into a full gutter moves no card when widths are kept', async () => {
  const scene = await sceneOf(40, 3);
  const model = randomModel(40, 3, 3);
  const graph = viewGraph(model, groupingOf(model, all, 'workload'), new Set()).layout;
  const busier = routed(graph, scene.placement, 160, scene.gutters);
  assert.ok(busier.routes.size > scene.routes.size);
  assert.deepEqual([...busier.cards], [...scene.cards]);
});

test('a drop marker stands on its line, clear of cards and of other lines where there is room', async () => {
  const scene = await shopScene();
  const id = [...scene.routes.keys()].find((each) => each.includes('scheduler')) ?? '';
  const at = markerPlaces([id], scene.flat, scene.hits).get(id);
  assert.ok(at);
  assert.ok((scene.hits.nearestLink(at, 20, id)?.distance ?? 20) >= 10);
  assert.ok(scene.hits.cardDistance(at, 20) >= 10);
});

test('the map of twenty services looks as it was reviewed', async () => {
  const svg = goldenSvg(await shopScene());
  if (process.env.UPDATE_GOLDEN) writeFileSync(GOLDEN, svg);
  assert.equal(svg, readFileSync(GOLDEN, 'utf8'), 'review the picture, then run with UPDATE_GOLDEN=1');
});
