import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileFilters } from '#flow/filter/compile.ts';
import { filtersFromFlags } from '#flow/filter-text/from-flags.ts';
import { parseFilterText } from '#flow/filter-text/parse.ts';
import { FlowRing } from '#observer/flow-ring.ts';
import { type DeepPartial, FlowFilter } from '#proto/gen/flow/flow.ts';
import { MapScope, type ServiceMap } from '#proto/gen/parallax/v1/dashboard.ts';
import { generateFlows } from '../../bench/flows/generate.ts';
import { MapSource } from '../dashboard/map-source.ts';
import { EndTable } from './end-table.ts';
import { FilteredMaps } from './filtered-maps.ts';
import { namespacesOf } from './namespace-filter.ts';
import { ServiceMapAggregate } from './service-map.ts';

const startMs = Date.UTC(2026, 0, 1);
const filters = (...parts: DeepPartial<FlowFilter>[]) => parts.map((part) => FlowFilter.fromPartial(part));
const eitherEnd = (...patterns: string[]) => filters({ sourcePod: patterns }, { destinationPod: patterns });
const withoutOrigin = ({ fromFlows: _, coveredMs: __, ...map }: ServiceMap) => map;

describe('a filter on namespaces', () => {
  it('is known as the page and hubble write it', () => {
    const { whitelist, blacklist } = filtersFromFlags(['--namespace', 'shop', '-n', 'pay']);
    assert.deepEqual([...(namespacesOf(whitelist, blacklist) ?? [])].sort(), ['pay', 'shop']);
    const page = parseFilterText('namespace:shop');
    assert.deepEqual([...(namespacesOf(page.whitelist, page.blacklist) ?? [])], ['shop']);
  });

  it('is not known where it asks for more, for less, or for one side', () => {
    const shop = eitherEnd('shop/');
    for (const whitelist of [
      [],
      filters({ sourcePod: ['shop/'] }),
      filters({ sourcePod: ['shop/'] }, { destinationPod: ['pay/'] }),
      filters({ sourcePod: ['shop/'], destinationPod: ['shop/'] }),
      filters({ sourcePod: ['shop/'], verdict: [2] }, { destinationPod: ['shop/'] }),
      ...[eitherEnd('shop/cart'), eitherEnd('shop'), eitherEnd('/cart'), [...shop, ...filters({})]],
    ]) {
      assert.equal(namespacesOf(whitelist, []), undefined, JSON.stringify(whitelist));
    }
    assert.equal(namespacesOf(shop, filters({ verdict: [2] })), undefined);
  });

  it('gives from the aggregate the map and the series that the flows themselves give', () => {
    const ring = new FlowRing({ capacityBytes: 8 << 20 });
    const ends = new EndTable(ring);
    const aggregate = new ServiceMapAggregate({ ring, ends });
    const nowMs = startMs + 30_000;
    for (const flow of generateFlows({ count: 3000, endpoints: 900, startMs, intervalNs: 10_000_000 })) {
      aggregate.add(ring.append(flow), nowMs);
    }
    const source = new MapSource(aggregate, new FilteredMaps(ring, ends), () => nowMs);
    const mapOf = (whitelist: FlowFilter[], key: string, scope: MapScope) => {
      const filter = compileFilters(whitelist, []);
      const view = source.view({ filterKey: key, filter, whitelist, blacklist: [], windowSeconds: 60, scope });
      for (;;) {
        const map = view.current();
        const [busiest] = map?.vertices ?? [];
        if (map === undefined || busiest === undefined) continue;
        const series = view.series({ vertexId: busiest.id });
        view.release();
        return { map, series };
      }
    };
    let edges = 0;
    for (const scope of [MapScope.MAP_SCOPE_WORKLOAD, MapScope.MAP_SCOPE_POD]) {
      for (const names of [['shop/'], ['payments/', 'batch/']]) {
        const counted = mapOf(eitherEnd(...names), `a ${names}`, scope);
        // The same flows, asked for in words that are not understood as namespaces.
        const scanned = mapOf(
          [...eitherEnd(...names), ...eitherEnd(...names.map((name) => `${name}/x`))],
          `b ${names}`,
          scope,
        );
        assert.deepEqual([counted.map.fromFlows, scanned.map.fromFlows], [false, true]);
        assert.deepEqual(withoutOrigin(counted.map), withoutOrigin(scanned.map));
        assert.deepEqual(counted.series?.buckets, scanned.series?.buckets);
        edges += counted.map.edges.length;
      }
    }
    assert.ok(edges > 100, `${edges} edges were compared`);
  });
});
