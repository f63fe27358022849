import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { ServiceMapModel } from '../store/service-map-model.ts';
import { goldenSvg } from './fixtures/golden-svg.ts';
import { nodeElkEngine } from './fixtures/node-elk.ts';
import { podsOf } from './fixtures/pods-model.ts';
import { SHOP_MODEL } from './fixtures/shop-model.ts';
import { layOut } from './layout/lay-out.ts';
import { GroupLayouts } from './layout/layered-group.ts';
import { allCells } from './layout/placement.ts';
import { EVERY, type MapScope, NO_FOLDS } from './map-view-types.ts';
import { type MapMemory, type RememberedMap, storedMemory } from './place-memory.ts';
import { type MapSettings, SceneKeeper, type SceneSnapshot } from './scene-keeper.ts';

const settings: MapSettings = { scope: 'workload', folds: NO_FOLDS, accepts: () => true, memoryKey: 'shop' };

function keeperAt(time = { nowMs: 1_000_000 }, memory?: MapMemory) {
  const layouts = new GroupLayouts(nodeElkEngine());
  const keeper = new SceneKeeper({
    layouter: (request) => layOut(structuredClone(request), layouts),
    now: () => time.nowMs,
    ...(memory === undefined ? {} : { memory }),
  });
  return { keeper, time };
}

/** The snapshot after the next change; the one there is, where nothing comes of it. */
function next(keeper: SceneKeeper, change: () => void): Promise<SceneSnapshot> {
  return new Promise((resolve) => {
    const stop = keeper.subscribe(() => {
      const snapshot = keeper.snapshot();
      stop();
      if (snapshot) resolve(snapshot);
    });
    change();
  });
}

const cellsOf = (snapshot: SceneSnapshot) => allCells(snapshot.scene.placement);

function without(model: ServiceMapModel, id: string): ServiceMapModel {
  const vertices = new Map([...model.vertices].filter(([each]) => each !== id));
  const edges = new Map([...model.edges].filter(([, edge]) => edge.sourceId !== id && edge.destinationId !== id));
  return { ...model, vertices, edges, topologyRevision: model.topologyRevision + 1 };
}

function fakeStorage() {
  const kept = new Map<string, string>();
  return {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, text: string) => void kept.set(name, text),
  };
}

test('nothing is laid out because figures moved', async () => {
  const { keeper } = keeperAt();
  const first = await next(keeper, () => keeper.setModel(SHOP_MODEL, settings));
  const edges = new Map([...SHOP_MODEL.edges].map(([id, edge]) => [id, { ...edge, requests: edge.requests * 3 }]));
  keeper.setModel({ ...SHOP_MODEL, edges }, settings);
  await new Promise(setImmediate);
  assert.equal(keeper.snapshot(), first);
});

test('what has left stays where it was for a minute, then goes, and nothing else moves', async () => {
  const { keeper, time } = keeperAt();
  const first = await next(keeper, () => keeper.setModel(SHOP_MODEL, settings));
  const fewer = without(SHOP_MODEL, 'prod/shop/cart');
  keeper.setModel(fewer, settings);
  await new Promise(setImmediate);
  assert.equal(keeper.snapshot(), first, 'it is still there, so there is nothing to lay out');
  time.nowMs += 61_000;
  const last = await next(keeper, () => keeper.setModel({ ...fewer }, settings));
  const [before, after] = [cellsOf(first), cellsOf(last)];
  assert.equal(after.has('prod/shop/cart'), false);
  for (const [id, cell] of after) assert.deepEqual(cell, before.get(id), id);
});

test('what comes back within the minute is no ghost', async () => {
  const { keeper, time } = keeperAt();
  const first = await next(keeper, () => keeper.setModel(SHOP_MODEL, settings));
  keeper.setModel(without(SHOP_MODEL, 'prod/shop/cart'), settings);
  time.nowMs += 30_000;
  keeper.setModel({ ...SHOP_MODEL, topologyRevision: 9 }, settings);
  time.nowMs += 61_000;
  keeper.setModel({ ...SHOP_MODEL, topologyRevision: 9 }, settings);
  await new Promise(setImmediate);
  assert.equal(keeper.snapshot(), first);
});

test('a box that was dragged is pinned: tidying leaves it, and a reload finds all places as they were', async () => {
  const memory = storedMemory(fakeStorage());
  const { keeper } = keeperAt(undefined, memory);
  await next(keeper, () => keeper.setModel(SHOP_MODEL, settings));
  const moved = await next(keeper, () => keeper.move('ns:prod/ingress', { column: 5, row: 12 }));
  const at = ({ scene }: SceneSnapshot) => scene.placement.blocks.get('ns:prod/ingress');
  assert.deepEqual([at(moved)?.column, at(moved)?.row], [5, 12]);
  const tidied = await next(keeper, () => keeper.tidy());
  assert.deepEqual([at(tidied)?.column, at(tidied)?.row], [5, 12]);
  const { keeper: reloaded } = keeperAt(undefined, memory);
  const again = await next(reloaded, () => reloaded.setModel(SHOP_MODEL, settings));
  assert.deepEqual(cellsOf(again), cellsOf(tidied));
  assert.deepEqual([...again.pins], ['ns:prod/ingress']);
  await next(reloaded, () => reloaded.unpin('ns:prod/ingress'));
  const free = await next(reloaded, () => reloaded.tidy());
  assert.notDeepEqual([at(free)?.column, at(free)?.row], [5, 12]);
});

test('what is kept of another map, or was written by somebody else, is as if it were not there', async () => {
  const { keeper } = keeperAt();
  const fresh = await next(keeper, () => keeper.setModel(SHOP_MODEL, settings));
  for (const text of [
    '',
    'null',
    '[]',
    '{"shop":{"cardWidth":1,"gutters":[-1],"pins":[],"blocks":[]}}',
    '{"shop":3}',
  ]) {
    const storage = { getItem: () => text, setItem: () => undefined };
    const { keeper: other } = keeperAt(undefined, storedMemory(storage));
    const snapshot = await next(other, () => other.setModel(SHOP_MODEL, settings));
    assert.deepEqual(cellsOf(snapshot), cellsOf(fresh));
  }
  const foreign: RememberedMap = {
    ...{ placement: { blocks: new Map() }, cardWidth: 160, gutters: [], pins: new Set<string>() },
  };
  const memory: MapMemory = { recall: () => foreign, remember: () => undefined };
  const { keeper: other } = keeperAt(undefined, memory);
  assert.deepEqual(cellsOf(await next(other, () => other.setModel(SHOP_MODEL, settings))), cellsOf(fresh));
});

test('a kept map of which any part is not as it was written is not taken', async () => {
  const storage = fakeStorage();
  const { keeper } = keeperAt(undefined, storedMemory(storage));
  await next(keeper, () => keeper.setModel(SHOP_MODEL, settings));
  const written = storage.getItem('parallax.maps.1') ?? '';
  const recalled = (text: string) => storedMemory({ getItem: () => text, setItem: () => undefined }).recall('shop');
  assert.ok(recalled(written) !== undefined);
  const spoilt = [
    written.replace(/"gutters":\[[\d.]+/, '"gutters":[-1'),
    written.replace(/"cardWidth":\d+/, '"cardWidth":"wide"'),
    written.replace(/"pins":\[\]/, '"pins":[7]'),
    written.replace(/("ns:prod\/shop",1,)\d+/, '$11e9'),
    written.replace(/("prod\/shop\/web",)\d+/, '$1-1'),
  ];
  for (const text of spoilt) {
    assert.notEqual(text, written, 'the text was spoilt');
    assert.equal(recalled(text), undefined);
  }
});

test('what the reader closed is one card, and opening it puts everything back', async () => {
  const { keeper } = keeperAt();
  const first = await next(keeper, () => keeper.setModel(SHOP_MODEL, settings));
  const folds = { open: [], closed: ['ns:prod/shop'] };
  const closed = await next(keeper, () => keeper.setModel(SHOP_MODEL, { ...settings, folds }));
  assert.equal(closed.graph.cardOf.get('prod/shop/web'), 'ns:prod/shop');
  const open = await next(keeper, () => keeper.setModel(SHOP_MODEL, settings));
  assert.deepEqual([...cellsOf(open).keys()].sort(), [...cellsOf(first).keys()].sort());
});

const pictures: readonly (readonly [scope: MapScope, model: ServiceMapModel])[] = [
  ['cluster', SHOP_MODEL],
  ['namespace', SHOP_MODEL],
  ['pod', podsOf(SHOP_MODEL)],
];

for (const [scope, model] of pictures) {
  test(`the map of scope ${scope} looks as reviewed`, async () => {
    const { keeper } = keeperAt();
    const folds = { open: [EVERY], closed: [] };
    const { scene } = await next(keeper, () => keeper.setModel(model, { ...settings, scope, folds, memoryKey: scope }));
    const golden = new URL(`fixtures/shop-${scope}.svg`, import.meta.url);
    const svg = goldenSvg(scene);
    if (process.env.UPDATE_GOLDEN) writeFileSync(golden, svg);
    assert.equal(svg, readFileSync(golden, 'utf8'), 'after review: UPDATE_GOLDEN=1 node --test components/map');
  });
}
