import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ip, kernelTestsImpossible, runIn, serveIn } from './testing/pods.ts';
import { connectionsTo, eventually, record } from './testing/recorder.ts';

const impossible = kernelTestsImpossible();
const skip = impossible === undefined ? false : `needs root and a kernel with BTF: ${impossible}`;

const VXLAN_PORT = 24_014;

/** This host and one namespace as two nodes: a device of the host below (macvlan, since a veth is taken for a pod's), VXLAN above. */
function twoNodes() {
  const prefix = `pxk${process.pid % 10_000}`;
  const names = { namespace: `${prefix}-node2`, cable: `${prefix}c`, device: `${prefix}m`, tunnel: `${prefix}x` };
  ip('netns', 'add', names.namespace);
  ip('link', 'add', names.cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', names.namespace);
  ip('link', 'set', names.cable, 'up');
  ip('link', 'add', 'link', names.cable, 'name', names.device, 'type', 'macvlan', 'mode', 'bridge');
  ip('addr', 'add', '10.98.0.1/24', 'dev', names.device);
  ip('link', 'set', names.device, 'up');
  ip('-n', names.namespace, 'addr', 'add', '10.98.0.2/24', 'dev', 'eth0');
  ip('-n', names.namespace, 'link', 'set', 'eth0', 'up');
  for (const [options, remote, address] of [
    [[], '10.98.0.2', '10.99.0.1/24'],
    [['-n', names.namespace], '10.98.0.1', '10.99.0.2/24'],
  ] as const) {
    const at = ['id', '7', 'remote', remote, 'dstport', String(VXLAN_PORT)];
    ip(...options, 'link', 'add', names.tunnel, 'type', 'vxlan', ...at);
    ip(...options, 'addr', 'add', address, 'dev', names.tunnel);
    ip(...options, 'link', 'set', names.tunnel, 'up');
  }
  return {
    ...names,
    remove() {
      ip('link', 'del', names.tunnel);
      ip('link', 'del', names.device);
      ip('netns', 'del', names.namespace);
    },
  };
}

test('what goes through a tunnel is told once, as what it is and not as the tunnel', { skip }, async () => {
  const nodes = twoNodes();
  const recorder = await record({ interfaces: `${nodes.device},${nodes.tunnel}` });
  const service = await serveIn(
    nodes.namespace,
    "require('node:net').createServer((s) => s.pipe(s)).listen(24015, () => console.log('ready'))",
  );
  try {
    await runIn(undefined, "const s = require('node:net').connect(24015, '10.99.0.2', () => s.end('x')); s.resume()");
    await eventually('the close', () => connectionsTo(recorder, 24_015).find((one) => one.reason === 'closed'));
    const connections = recorder.records.filter((one) => one.type === 'connection');
    assert.deepEqual(
      [
        ...new Set(
          connections.map(
            (one) => `${one.protocol} ${one.responder.address} ${recorder.capture.interfaceName(one.interfaceIndex)}`,
          ),
        ),
      ],
      [`TCP 10.99.0.2 ${nodes.tunnel}`],
    );
    assert.ok((recorder.capture.counters().skipped.overlay ?? 0) >= 6, 'both directions of the outer packets');
  } finally {
    await service.stop();
    await recorder.capture.stop();
    nodes.remove();
  }
});
