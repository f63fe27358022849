import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MapVertex, ServiceMapModel } from '../../store/service-map-model.ts';
import { SHOP_MODEL } from '../fixtures/shop-model.ts';
import { highlightOf } from './highlight.ts';
import { groupingOf, viewGraph } from './view-graph.ts';

const part = (cluster: string): MapVertex => ({
  ...{ id: `${cluster}/pay`, kind: 'workload', cluster, namespace: 'shop', name: 'pay', workloadKind: 'Deployment' },
  ...{ labels: [], pods: 1, workloadId: '', workload: '', pod: '', sharedId: 'shared/pay' },
});
const model: ServiceMapModel = {
  ...SHOP_MODEL,
  vertices: new Map([...SHOP_MODEL.vertices, ...['east', 'west'].map((name) => [`${name}/pay`, part(name)] as const)]),
};
const graph = viewGraph(
  model,
  groupingOf(model, () => true, 'workload'),
  new Set(),
);

test('one service in two clusters is selected as one, on either of its cards', () => {
  for (const id of ['east/pay', 'west/pay']) {
    const { selectedCards } = highlightOf(graph, { kind: 'vertex', id }, null, '');
    assert.deepEqual([...selectedCards].sort(), ['east/pay', 'west/pay']);
  }
});

test('services of one cluster have no parts elsewhere', () => {
  assert.deepEqual([...graph.partsOf.keys()].sort(), ['east/pay', 'west/pay']);
});
