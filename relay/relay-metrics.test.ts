import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { ApiServer } from '#kubernetes/testing/api-server.ts';
import { plainAccess } from '#kubernetes/testing/watching.ts';
import {
  disagreements,
  documentedMetrics,
  noPromtool,
  promtoolComplaints,
  servedMetrics,
} from '#observer/testing/metrics-text.ts';
import { PolicyFiles } from './policy/policy-files.ts';
import { cleanups, clientOf, connected, Follower, freePort, node, relayOf, until } from './testing/cluster.ts';

describe('the metrics of a relay that has flows of two nodes, names and policies', () => {
  let text = '';
  before(async () => {
    const policies = mkdtempSync(join(tmpdir(), 'parallax-metrics-'));
    cleanups.push(() => rmSync(policies, { recursive: true }));
    writeFileSync(
      join(policies, 'deny.yaml'),
      'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: deny, namespace: shop }\nspec: { podSelector: {} }\n',
    );
    const api = new ApiServer();
    await api.start();
    cleanups.push(() => api.stop());
    const nodes = [await node('a'), await node('b')];
    const port = await freePort();
    const relay = await relayOf({
      peers: nodes.map(({ address }) => address),
      metrics: { host: '127.0.0.1', port },
      policies: new PolicyFiles(policies),
      kubernetes: plainAccess(api),
    });
    await connected(clientOf(relay), 2);
    const follower = new Follower(clientOf(relay), { follow: true });
    for (const each of nodes) each.flow(`of-${each.nodeName}`);
    await until('both flows', () => follower.responses.filter((it) => it.responseTypes?.$case === 'flow').length === 2);
    text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  });

  it('pass promtool without a complaint', { skip: noPromtool() }, () => {
    assert.match(text, /^parallax_relay_peer_seen_total\{.*\} 1$/m);
    assert.equal(promtoolComplaints(text), '');
  });

  it('are those of docs/metrics.md: names, types, labels and meaning', () => {
    const documented = documentedMetrics('Every process', 'Relay');
    assert.deepEqual(disagreements(servedMetrics(text), documented), []);
  });
});
