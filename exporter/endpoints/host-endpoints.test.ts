import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { canonicalAddress } from '#kubernetes/addresses.ts';
import { cgroupOwner } from './cgroup-owner.ts';
import { CgroupPaths } from './cgroup-paths.ts';
import { HostEndpoints } from './host-endpoints.ts';
import { ListeningSockets } from './listening-sockets.ts';
import { reservedAddresses } from './reserved-addresses.ts';

const containerId = '0123456789abcdef'.repeat(4);

/** A /proc and a cgroup tree of our own, with a clock that stands still until told. */
function host(context: TestContext) {
  const root = mkdtempSync(path.join(tmpdir(), 'parallax-host-'));
  context.after(() => rmSync(root, { recursive: true, force: true }));
  const procRoot = path.join(root, 'proc');
  const cgroupRoot = path.join(root, 'cgroup');
  mkdirSync(path.join(procRoot, 'net'), { recursive: true });
  mkdirSync(cgroupRoot);
  const clock = { ms: 0 };
  const cgroup = (below: string): bigint => {
    mkdirSync(path.join(cgroupRoot, below), { recursive: true });
    return statSync(path.join(cgroupRoot, below), { bigint: true }).ino;
  };
  const process = (
    pid: number,
    text: { comm: string; exe?: string; cmdline?: string[]; cgroup?: string; socket?: number },
  ) => {
    const directory = path.join(procRoot, String(pid));
    mkdirSync(path.join(directory, 'fd'), { recursive: true });
    writeFileSync(path.join(directory, 'comm'), `${text.comm}\n`);
    writeFileSync(path.join(directory, 'cgroup'), text.cgroup ?? '0::/\n');
    writeFileSync(path.join(directory, 'cmdline'), `${(text.cmdline ?? []).join('\0')}\0`);
    if (text.exe) symlinkSync(text.exe, path.join(directory, 'exe'));
    if (text.socket) symlinkSync(`socket:[${text.socket}]`, path.join(directory, 'fd', '3'));
  };
  const listen = (table: string, rows: readonly (readonly [local: string, state: string, inode: number])[]) => {
    const lines = rows.map(
      ([local, state, inode], i) => `   ${i}: ${local} 00000000:0000 ${state} 0:0 00:0 0 0 0 ${inode} 1`,
    );
    writeFileSync(path.join(procRoot, 'net', table), ['  sl  local_address', ...lines, ''].join('\n'));
  };
  const options = {
    procRoot,
    cgroupRoot,
    monotonicMs: () => clock.ms,
    hostAddresses: () => ['192.168.1.10', 'fe80::1%eth0'],
  };
  return { endpoints: new HostEndpoints(options), options, clock, cgroup, process, listen, cgroupRoot, procRoot };
}

test('cgroup paths of the usual runtimes tell container, pod and unit', () => {
  const pod = '3e2f1a34-1b2c-4d5e-8f90-0123456789ab';
  const cases: [string, Partial<ReturnType<typeof cgroupOwner>>][] = [
    ['/system.slice/nginx.service', { unit: 'nginx.service' }],
    [`/system.slice/docker-${containerId}.scope`, { containerId, unit: '' }],
    [`/docker/${containerId}`, { containerId }],
    [
      `/kubepods.slice/kubepods-pod${pod.replaceAll('-', '_')}.slice/cri-containerd-${containerId}.scope`,
      { containerId, podUid: pod },
    ],
    [`/kubepods/besteffort/pod${pod}/${containerId}`, { containerId, podUid: pod }],
    [`/system.slice/containerd.service/kubepods-pod${pod}.slice:cri-containerd:${containerId}`, { containerId }],
    ['/user.slice/user-1000.slice/session-3.scope', { unit: '', containerId: '' }],
    ['/user.slice/user-1000.slice/user@1000.service/app.slice/syncthing.service', { unit: 'syncthing.service' }],
    ['/system.slice/system-getty.slice/serial\\x2dgetty@ttyS0.service', { unit: 'serial-getty@ttyS0.service' }],
    ['/', { unit: '', containerId: '', podUid: '' }],
  ];
  for (const [cgroup, expected] of cases) {
    const owner = cgroupOwner(cgroup);
    assert.deepEqual({ ...owner, ...expected }, owner, cgroup);
  }
});

test('a cgroup id names the container or unit whose directory has that inode', (context) => {
  const { endpoints, cgroup } = host(context);
  const unit = cgroup('system.slice/nginx.service');
  const container = cgroup(`system.slice/docker-${containerId}.scope`);
  const session = cgroup('user.slice/session-1.scope');
  assert.deepEqual(endpoints.byCgroup(unit)?.workloads, [{ name: 'nginx.service', kind: 'Unit' }]);
  assert.deepEqual(endpoints.byCgroup(unit)?.labels, ['reserved:host']);
  assert.deepEqual(endpoints.byCgroup(container)?.workloads, [{ name: '0123456789ab', kind: 'Container' }]);
  assert.equal(endpoints.byCgroup(container)?.identity, 3);
  assert.equal(endpoints.byCgroup(session), undefined);
});

test('a container that Kubernetes runs is named by its pod', (context) => {
  const { options, cgroup } = host(context);
  const id = cgroup(`kubepods.slice/cri-containerd-${containerId}.scope`);
  const world = reservedAddresses().byAddress('1.1.1.1');
  const endpoints = new HostEndpoints({
    ...options,
    byContainerId: (asked) => (asked === containerId ? world : undefined),
  });
  assert.equal(endpoints.byCgroup(id), world);
});

test('an unknown cgroup is looked for again only after the interval', (context) => {
  const { endpoints, cgroup, clock } = host(context);
  assert.equal(endpoints.byCgroup(1n), undefined);
  const late = cgroup('system.slice/late.service');
  assert.equal(endpoints.byCgroup(late), undefined);
  assert.equal(endpoints.counters().cgroups.scans, 1);
  clock.ms += 1000;
  assert.equal(endpoints.byCgroup(late)?.workloads[0]?.name, 'late.service');
});

test('a walk that takes too long stops, is counted, and goes on where it was', (context) => {
  const { cgroup, cgroupRoot } = host(context);
  const ids = Array.from({ length: 30 }, (_, i) => cgroup(`g${i}`));
  let ms = 0;
  const paths = new CgroupPaths(cgroupRoot, { scanMs: 10, scanIntervalMs: 0, monotonicMs: () => ms++ });
  const asked = ids.map((id) => paths.pathOf(id));
  assert.ok(asked.includes(undefined));
  assert.ok(paths.counters().cutShort > 0);
  assert.ok(ids.every((id) => paths.pathOf(id) !== undefined));
});

test('a process is named by its program, an interpreter by its script, and never by its arguments', (context) => {
  const { endpoints, process } = host(context);
  process(10, { comm: 'nginx', exe: '/usr/sbin/nginx (deleted)' });
  process(11, {
    comm: 'MainThread',
    exe: '/usr/bin/node',
    cmdline: ['node', '--enable-source-maps', '/srv/app/server.js', '--key=secret'],
  });
  process(12, { comm: 'node', exe: '/usr/bin/node', cmdline: ['node', '-e', 'secret()'] });
  process(13, { comm: 'kworker' });
  process(14, {
    comm: 'redis',
    exe: '/usr/bin/redis-server',
    cgroup: '9:name=systemd:/system.slice/redis.service\n0::/\n',
  });
  const name = (pid: number) => endpoints.byProcess(pid)?.workloads[0]?.name;
  assert.deepEqual([10, 11, 12, 13, 14, 15].map(name), [
    'nginx',
    'node server.js',
    'node',
    'kworker',
    'redis.service',
    undefined,
  ]);
});

test('a server that never sent is named by the socket it listens on', (context) => {
  const { endpoints, process, listen } = host(context);
  process(20, { comm: 'web', exe: '/opt/web', socket: 500 });
  process(21, { comm: 'dns', exe: '/opt/dns', socket: 501 });
  process(22, { comm: 'other', exe: '/opt/other', socket: 502 });
  listen('tcp', [
    ['0100007F:1F90', '0A', 500],
    ['00000000:1F90', '0A', 502],
    ['0100007F:0050', '01', 501],
  ]);
  listen('udp', [['00000000:0035', '07', 501]]);
  const name = (...[address, port, protocol]: Parameters<typeof endpoints.byListener>) =>
    endpoints.byListener(address, port, protocol)?.workloads[0]?.name;
  assert.equal(name('127.0.0.1', 8080, 'tcp'), 'web');
  assert.equal(name('192.168.1.10', 8080, 'tcp'), 'other');
  assert.equal(name('192.168.1.10', 53, 'udp'), 'dns');
  assert.equal(name('127.0.0.1', 80, 'tcp'), undefined);
  assert.equal(endpoints.counters().listeners.scans, 1);
});

test("the kernel's own tables name this very process as the owner of its listening socket", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(address && typeof address === 'object');
  const sockets = new ListeningSockets('/proc', { scanMs: 10_000, scanIntervalMs: 0, monotonicMs: () => 0 });
  assert.equal(sockets.ownerOf('127.0.0.1', address.port, 'tcp'), process.pid);
  server.close();
});

test('addresses have one text each', () => {
  assert.equal(canonicalAddress('FE80::0001%eth0'), 'fe80::1');
  assert.equal(canonicalAddress('::ffff:10.1.2.3'), '10.1.2.3');
  assert.equal(canonicalAddress('2001:0DB8:0:0:1:0:0:1'), '2001:db8::1:0:0:1');
  assert.equal(canonicalAddress('not an address'), undefined);
});
