import assert from 'node:assert/strict';
import { test } from 'node:test';
import { interfaceFilter } from './interfaces.ts';
import type { Link } from './netlink.ts';
import { parseNetlink } from './netlink.ts';

const link = (name: string, kind: string, more: Partial<Link> = {}): Link => ({
  index: 2,
  name,
  hardwareType: 1,
  kind,
  peerElsewhere: false,
  ...more,
});

test("by default loopback, the host's devices and veths into other namespaces are watched", () => {
  const place = interfaceFilter(undefined);
  assert.equal(place(link('lo', '', { hardwareType: 772 })), 'loopback');
  assert.equal(place(link('eth0', '')), 'host');
  assert.equal(place(link('veth1', 'veth', { peerElsewhere: true })), 'veth');
  assert.equal(place(link('veth2', 'veth')), undefined);
  assert.equal(place(link('docker0', 'bridge')), undefined);
  assert.equal(place(link('wg0', 'wireguard', { hardwareType: 65_534 })), undefined);
});

test('globs choose by name, whatever the kind, but never a device without Ethernet header', () => {
  const place = interfaceFilter('veth*, br?');
  assert.equal(place(link('veth9', 'veth')), 'veth');
  assert.equal(place(link('br1', 'bridge')), 'host');
  assert.equal(place(link('br10', 'bridge')), undefined);
  assert.equal(place(link('xveth9', 'veth')), undefined);
  assert.equal(place(link('vethwg', 'wireguard', { hardwareType: 65_534 })), undefined);
});

test('a netlink message cut short ends the parse without an event', () => {
  const message = Buffer.alloc(48);
  message.writeUInt32LE(60, 0);
  message.writeUInt16LE(16, 4);
  assert.deepEqual([...parseNetlink(message)], []);
  message.writeUInt32LE(8, 0);
  assert.deepEqual([...parseNetlink(message)], []);
});

test('a new veth is read with name, kind and where its peer is', () => {
  const attribute = (type: number, value: Buffer) => {
    const bytes = Buffer.alloc((4 + value.length + 3) & ~3);
    bytes.writeUInt16LE(4 + value.length, 0);
    bytes.writeUInt16LE(type, 2);
    value.copy(bytes, 4);
    return bytes;
  };
  const fixed = Buffer.alloc(32);
  const attributes = Buffer.concat([
    attribute(3, Buffer.from('veth7\0')),
    attribute(18, attribute(1, Buffer.from('veth'))),
    attribute(37, Buffer.from([1, 0, 0, 0])),
  ]);
  fixed.writeUInt32LE(32 + attributes.length, 0);
  fixed.writeUInt16LE(16, 4);
  fixed.writeUInt16LE(1, 18);
  fixed.writeInt32LE(77, 20);
  assert.deepEqual(
    [...parseNetlink(Buffer.concat([fixed, attributes]))],
    [{ type: 'link', link: { index: 77, name: 'veth7', hardwareType: 1, kind: 'veth', peerElsewhere: true } }],
  );
  const AF_BRIDGE = 7;
  fixed.writeUInt8(AF_BRIDGE, 16);
  assert.deepEqual([...parseNetlink(Buffer.concat([fixed, attributes]))], [], "a bridge's word on its port");
});
