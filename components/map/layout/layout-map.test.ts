import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nodeElkEngine } from '../fixtures/node-elk.ts';
import { randomModel } from '../fixtures/random-model.ts';
import { SHOP_MODEL } from '../fixtures/shop-model.ts';
import { groupingOf, viewGraph } from '../graph/view-graph.ts';
import { GroupLayouts, longestPathPositions } from './layered-group.ts';
import type { LayoutGraph } from './layout-graph.ts';
import { layOutMap } from './layout-map.ts';
import { moveTo } from './place-kept.ts';
import { allCells, collide, type Placement } from './placement.ts';

const all = () => true;

function graphOf(model = SHOP_MODEL, closed: ReadonlySet<string> = new Set()): LayoutGraph {
  return viewGraph(model, groupingOf(model, all, 'workload'), closed).layout;
}

/** Longest paths instead of elk: what is asserted here must hold for any engine. */
function plainLayouts(): GroupLayouts {
  return new GroupLayouts(async ({ vertexIds, links }) => longestPathPositions(vertexIds, links));
}

function assertNothingOverlaps(placement: Placement): void {
  const blocks = [...placement.blocks.values()];
  for (const [index, block] of blocks.entries()) {
    for (const other of blocks.slice(index + 1)) {
      assert.ok(!collide(block, other), `${block.id} and ${other.id} overlap`);
    }
  }
  const cells = [...allCells(placement).values()].map((cell) => `${cell.column},${cell.row}`);
  assert.equal(new Set(cells).size, cells.length, 'two cards share a cell');
}

test('a map is the same however often and in whatever order it is laid out', async () => {
  const layouts = new GroupLayouts(nodeElkEngine());
  const once = await layOutMap(graphOf(), layouts);
  const again = await layOutMap(graphOf(), new GroupLayouts(nodeElkEngine()));
  assert.deepEqual(once, again);
});

test('no two boxes, loose cards or members overlap, whatever the graph', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 1e6 }), async (size, seed) => {
      assertNothingOverlaps(await layOutMap(graphOf(randomModel(size, seed)), plainLayouts()));
    }),
    { numRuns: 25 },
  );
});

test('every vertex that was there keeps its cell when others join or leave', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 4, max: 60 }), fc.integer({ min: 1, max: 1e6 }), async (size, seed) => {
      const graph = graphOf(randomModel(size, seed));
      const isEarly = (_: unknown, index: number) => index % 7 !== 0;
      const ids = new Set(graph.vertices.filter(isEarly).map((vertex) => vertex.id));
      const early: LayoutGraph = {
        vertices: graph.vertices.filter((vertex) => ids.has(vertex.id)),
        links: graph.links.filter((link) => ids.has(link.sourceId) && ids.has(link.destinationId)),
      };
      const layouts = plainLayouts();
      const before = await layOutMap(early, layouts);
      const after = await layOutMap(graph, layouts, before);
      assertNothingOverlaps(after);
      const back = await layOutMap(early, layouts, after);
      const grown = new Set([...after.blocks.values()].filter((block) => isTaller(block, before)).map(({ id }) => id));
      if (grown.size === 0) {
        const cells = allCells(after);
        for (const [id, cell] of allCells(before)) assert.deepEqual(cells.get(id), cell, `${id} moved`);
      }
      assert.deepEqual(
        [...allCells(back)]
          .filter(([id]) => ids.has(id))
          .map(([id]) => id)
          .sort(),
        [...allCells(after)]
          .filter(([id]) => ids.has(id))
          .map(([id]) => id)
          .sort(),
      );
      for (const [id, cell] of allCells(back))
        assert.deepEqual(cell, allCells(after).get(id), `${id} moved on leaving`);
    }),
    { numRuns: 25 },
  );
});

/** A box that needed another row, and so may have pushed what stood below it. */
function isTaller(block: { id: string; rows: number }, before: Placement): boolean {
  const old = before.blocks.get(block.id);
  return old !== undefined && block.rows > old.rows;
}

test('an opened namespace grows where its card was and moves only what it would cover', async () => {
  const layouts = new GroupLayouts(nodeElkEngine());
  const closed = new Set(['ns:prod/shop']);
  const before = await layOutMap(graphOf(SHOP_MODEL, closed), layouts);
  const after = await layOutMap(graphOf(), layouts, before);
  assertNothingOverlaps(after);
  const [card, box] = [before.blocks.get('ns:prod/shop'), after.blocks.get('ns:prod/shop')];
  assert.ok(card && box?.isGroup);
  assert.deepEqual([box.column, box.row], [card.column, card.row]);
  for (const block of after.blocks.values()) {
    const old = before.blocks.get(block.id);
    if (!old || block.id === box.id || (old.column === block.column && old.row === block.row)) continue;
    assert.ok(block.row > old.row && block.column === old.column, `${block.id} went elsewhere than down`);
  }
});

test('a card dropped on a taken place goes to the nearest free one', async () => {
  const before = await layOutMap(graphOf(), plainLayouts());
  const stripe = 'prod//api.stripe.com';
  const shop = before.blocks.get('ns:prod/shop');
  assert.ok(shop);
  const after = moveTo(before, stripe, { column: shop.column, row: shop.row });
  assertNothingOverlaps(after);
  assert.notDeepEqual(allCells(after).get(stripe), allCells(before).get(stripe));
  for (const [id, cell] of allCells(before)) if (id !== stripe) assert.deepEqual(allCells(after).get(id), cell);
});

test('a failing engine is counted and the map is drawn all the same', async () => {
  const layouts = new GroupLayouts(async () => {
    throw new Error('no worker');
  });
  const placement = await layOutMap(graphOf(), layouts);
  assertNothingOverlaps(placement);
  assert.equal(allCells(placement).size, SHOP_MODEL.vertices.size);
  assert.ok(layouts.engineFailures > 0);
});
