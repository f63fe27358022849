import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Node, ServerStatusResponse } from '#proto/gen/observer/observer.ts';
import { NodeState } from '#proto/gen/relay/relay.ts';
import { formatNamespaces, formatNodes } from './list.ts';
import { formatStatus } from './status.ts';

const nodes = [
  Node.fromPartial({
    name: 'node-1',
    version: '1.19.4',
    address: '10.0.0.1:4244',
    state: NodeState.NODE_CONNECTED,
    tls: { enabled: true, serverName: 'node-1.default.hubble-grpc.cilium.io' },
    uptimeNs: 3_725_000_000_000n,
    numFlows: 4095n,
    maxFlows: 4095n,
    seenFlows: 74_500n,
  }),
  Node.fromPartial({ name: 'node-0', address: '10.0.0.2:4244', state: NodeState.NODE_UNAVAILABLE }),
];
const namespaces = [
  { cluster: 'default', namespace: 'shop' },
  { cluster: '', namespace: 'kube-system' },
];
const status = ServerStatusResponse.fromPartial({
  numFlows: 131_072n,
  maxFlows: 262_144n,
  seenFlows: 1_000_000n,
  uptimeNs: 100_000_000_000n,
  numConnectedNodes: 3,
  numUnavailableNodes: 12,
  unavailableNodes: ['b', 'a'],
  version: '1.19.4',
});

test('nodes are columns sorted by name, more of them with wide', () => {
  assert.equal(
    formatNodes(nodes, 'table'),
    [
      'NAME     STATUS        AGE      FLOWS/S   CURRENT/MAX-FLOWS',
      'node-0   Unavailable   N/A      N/A       N/A',
      'node-1   Connected     1h2m5s   20.00     4095/4095 (100.00%)',
      '',
    ].join('\n'),
  );
  assert.match(
    formatNodes(nodes, 'wide'),
    /VERSION {3}ADDRESS {9}TLS\n.*N\/A +10\.0\.0\.2:4244 {3}N\/A\n.*1\.19\.4 +10\.0\.0\.1:4244 {3}Enabled\n/,
  );
});

test('nodes as JSON have the names of the .proto file', () => {
  const [, node] = JSON.parse(formatNodes(nodes, 'json'));
  assert.deepEqual([node.name, node.num_flows, node.state], ['node-1', '4095', 'NODE_CONNECTED']);
  assert.equal(node.tls.server_name, 'node-1.default.hubble-grpc.cilium.io');
});

test('namespaces are one column, with the cluster when wide', () => {
  assert.equal(formatNamespaces(namespaces, 'table'), 'NAMESPACE\nshop\nkube-system\n');
  assert.equal(formatNamespaces(namespaces, 'wide'), 'NAMESPACE     CLUSTER\nshop          default\nkube-system\n');
  assert.equal(
    formatNamespaces(namespaces, 'dict'),
    'NAMESPACE: shop\n  CLUSTER: default\n------------\nNAMESPACE: kube-system\n  CLUSTER: \n',
  );
});

test('a status is written as hubble writes it, with the names of missing nodes', () => {
  assert.equal(
    formatStatus(status, 'compact'),
    [
      'Current/Max Flows: 131,072/262,144 (50.00%)',
      'Flows/s: 10000.00',
      'Connected Nodes: 3/15',
      'Unavailable Nodes: 12',
      '  - a',
      '  - b',
      '  - and 10 more...',
      '',
    ].join('\n'),
  );
  assert.match(
    formatStatus(status, 'dict'),
    /^ {10}NUM FLOWS: 131,072\n(?:.*\n)* NUM UNAVAIL\. NODES: 12\n {12}VERSION: 1\.19\.4\n$/,
  );
  assert.match(formatStatus(status, 'table'), /^NUM FLOWS {3}MAX FLOWS {3}SEEN FLOWS/);
  assert.equal(JSON.parse(formatStatus(status, 'json')).num_connected_nodes, 3);
});
