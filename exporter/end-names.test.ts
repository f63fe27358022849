import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { reservedEndpoint } from '#kubernetes/identities.ts';
import { EndNames, type HostProcesses, type KernelEnd } from './end-names.ts';
import { cgroupOwner } from './endpoints/cgroup-owner.ts';
import { composeLookups, type EndpointLookup } from './endpoints/endpoint-lookup.ts';
import { reservedAddresses } from './endpoints/reserved-addresses.ts';
import { SocketTable } from './socket-table.ts';

const HOST = '192.168.1.10';
const OUTSIDE = '203.0.113.10';
const UNIT = 11;
const CONTAINER = 12;
const CONTAINER_ID = 'c'.repeat(64);

const named = (identity: 'host' | 'unmanaged', kind: string, name: string) => ({
  ...reservedEndpoint(identity),
  workloads: [{ kind, name }],
});

const endpoints: EndpointLookup = {
  byAddress: (address) => (address === HOST ? reservedEndpoint('host') : undefined),
  byCgroup: (id) =>
    id === BigInt(UNIT)
      ? named('host', 'Unit', 'cron.service')
      : id === BigInt(CONTAINER)
        ? named('unmanaged', 'Container', 'cccccccccccc')
        : undefined,
  byProcess: (pid) => (pid === 30 ? named('host', 'Process', 'client') : undefined),
  byListener: (_address, port) => (port === 8080 ? named('host', 'Process', 'server') : undefined),
};

const host: HostProcesses = {
  process: (pid) =>
    pid === 30
      ? {
          command: 'client',
          executable: '/opt/client',
          cgroupPath: '/system.slice/client.service',
          arguments: ['--port', '1'],
        }
      : pid === 31
        ? { command: 'server', executable: '/opt/server', cgroupPath: `/docker-${CONTAINER_ID}.scope`, arguments: [] }
        : undefined,
  cgroup: (id) => (id === BigInt(UNIT) ? cgroupOwner('/system.slice/cron.service') : undefined),
  listenerPid: (_address, port) => (port === 8080 ? 31 : undefined),
};

let sockets: SocketTable;
let names: EndNames;

beforeEach(() => {
  sockets = new SocketTable();
  names = new EndNames(composeLookups(endpoints, reservedAddresses()), sockets, host);
});

function nameEnd(end: Partial<KernelEnd>, listens = false) {
  return names.nameEnd({ address: HOST, port: 9, socketCookie: 0, cgroupId: 0, ...end }, 'TCP', listens, 0);
}

function nameOf(end: Partial<KernelEnd>, listens = false): string | undefined {
  const { info } = nameEnd(end, listens);
  return info?.workloads[0]?.name ?? info?.labels[0];
}

function ownSocket(cookie: number, pid: number): void {
  sockets.note({
    type: 'socket',
    event: 'connected',
    timeBootNs: 1,
    socketCookie: cookie,
    cgroupId: 0,
    pid,
    command: 'client',
    networkNamespace: 1,
    ipVersion: 4,
    local: { address: HOST, port: 9 },
    remote: { address: OUTSIDE, port: 443 },
    health: { smoothedRttUs: 0, minimumRttUs: 0, retransmits: 0, connectUs: 0 },
  });
}

test('a program of the host is named by its unit, else its process, else as a listener if it may be one, else as the host', () => {
  ownSocket(41, 30);
  assert.equal(nameOf({ socketCookie: 41, cgroupId: UNIT }), 'cron.service');
  assert.equal(nameOf({ socketCookie: 41 }), 'client');
  assert.equal(nameOf({ port: 8080 }, true), 'server');
  assert.equal(nameOf({ port: 8080 }), 'reserved:host');
});

test("what is at an address of none of this host's networks is the world, though its process runs here, unless it is a container", () => {
  ownSocket(41, 30);
  assert.equal(nameOf({ address: OUTSIDE }), 'reserved:world');
  assert.equal(nameOf({ address: OUTSIDE, socketCookie: 41, cgroupId: UNIT }), 'reserved:world');
  assert.equal(nameOf({ address: OUTSIDE, port: 8080 }, true), 'reserved:world');
  assert.equal(nameOf({ address: OUTSIDE, cgroupId: CONTAINER }), 'cccccccccccc');
});

test('a process has its program, and the unit or container it runs in', () => {
  ownSocket(41, 30);
  const own = nameEnd({ socketCookie: 41 }).process;
  assert.deepEqual(
    [own?.pid, own?.command, own?.executable, own?.unit, own?.arguments],
    [30, 'client', '/opt/client', 'client.service', ['--port', '1']],
  );
  assert.equal(nameEnd({ socketCookie: 41, cgroupId: UNIT }).process?.unit, 'cron.service');
});

test('a server that listened before capture began is known by its listening socket', () => {
  const server = nameEnd({ port: 8080 }, true).process;
  assert.deepEqual([server?.pid, server?.executable, server?.containerId], [31, '/opt/server', CONTAINER_ID]);
  assert.equal(nameEnd({ port: 8080 }).process, undefined);
});
