import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SHOP_MODEL } from '../fixtures/shop-model.ts';
import { linkMarks } from './edge-marks.ts';
import { groupingOf, viewGraph } from './view-graph.ts';

const grouping = groupingOf(SHOP_MODEL, () => true, 'workload');
const first = [...SHOP_MODEL.edges.values()].find((edge) => edge.sourceId !== edge.destinationId);
const nameOf = (id = '') => {
  const vertex = SHOP_MODEL.vertices.get(id);
  return vertex?.namespace ? `${vertex.namespace}/${vertex.name}` : (vertex?.name ?? '');
};
const [source, destination] = [nameOf(first?.sourceId), nameOf(first?.destinationId)];

test('an edge is marked by the names of its ends, and the gravest of several marks is shown', () => {
  const graph = viewGraph(SHOP_MODEL, grouping, new Set());
  const marks = linkMarks(SHOP_MODEL, graph, [
    { source, destination, mark: 'closes' },
    { source, destination, mark: 'opens' },
  ]);
  assert.deepEqual([...marks.values()], ['closes']);
  assert.equal(graph.links.get([...marks.keys()][0] ?? '')?.sourceId, first?.sourceId);
});

test('in closed boxes the mark is on the link between the boxes, and none inside of one', () => {
  const closed = viewGraph(SHOP_MODEL, grouping, new Set(grouping.groups.keys()));
  for (const id of linkMarks(SHOP_MODEL, closed, [{ source, destination, mark: 'opens' }]).keys())
    assert.ok(closed.links.has(id));
});

test('an end that is not on the map marks nothing', () => {
  const graph = viewGraph(SHOP_MODEL, grouping, new Set());
  assert.equal(linkMarks(SHOP_MODEL, graph, [{ source: 'no/where', destination, mark: 'closes' }]).size, 0);
});
