// Tries capture on another kernel: boots it in a virtual machine that sees this machine's files read-only, and runs there
// tools/old-kernel-guest.ts. Default: the kernel of Debian 12 (6.1), which has no TCX and hooks by clsact. Its processor is
// emulated, unless --kvm, so it takes minutes. Needs Linux on x86-64, apt, dpkg-deb, depmod and qemu-system-x86.
//
//     node tools/old-kernel.mjs [--kernel PACKAGE] [--minutes LIMIT] [--kvm] [TEST FILE...]

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { findNode, root } from '../setup/root.mjs';
import { archive } from './initramfs.mjs';

/** What the guest says last, with the number of what failed: see old-kernel-guest.ts. */
const VERDICT = /^old-kernel: (\d+) failed$/m;

/** Folders of kernel modules that the guest may ask for: what it is hooked to, what netfilter and its tests need, our files. */
const MODULE_FOLDERS = [
  'net',
  'fs/9p',
  'fs/netfs',
  'fs/fscache',
  'drivers/virtio',
  'drivers/net',
  'lib',
  'crypto',
  'arch/x86/crypto',
];
const AT_BOOT = [
  'virtio_pci',
  '9pnet_virtio',
  '9p',
  'veth',
  'sch_ingress',
  'cls_bpf',
  'nf_conntrack',
  'nf_conntrack_netlink',
  'nf_tables',
];

const { values, positionals: tests } = parseArgs({
  allowPositionals: true,
  options: {
    kernel: { type: 'string', default: 'linux-image-amd64' },
    minutes: { type: 'string', default: '20' },
    kvm: { type: 'boolean', default: false },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'parallax-kernel-'));
try {
  process.exitCode = await boot(makeGuest(fetched('busybox-static'), fetched(versioned(values.kernel))));
} finally {
  rmSync(folder, { recursive: true });
}

/** The package that a package without files stands for. */
function versioned(name) {
  const depends = execFileSync('apt-cache', ['depends', '--important', name], { encoding: 'utf8' });
  return /Depends: (linux-image-\d\S+)/.exec(depends)?.[1] ?? name;
}

/** The files of a Debian package, not installed. */
function fetched(name) {
  const files = join(folder, name);
  mkdirSync(files);
  execFileSync('apt-get', ['download', '-qq', '-o', 'APT::Sandbox::User=root', name], {
    cwd: files,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [file] = readdirSync(files);
  execFileSync('dpkg-deb', ['-x', join(files, file), files]);
  return files;
}

/** A root file system in memory: as much as it takes to mount this machine's files. */
function makeGuest(busybox, kernel) {
  const boot = join(kernel, 'boot');
  const image = readdirSync(boot).find((name) => name.startsWith('vmlinuz-'));
  const version = image.slice('vmlinuz-'.length);
  execFileSync('depmod', ['-b', kernel, version]);
  const modules = join(kernel, 'lib', 'modules', version);
  const wanted = MODULE_FOLDERS.map((name) => join('kernel', name)).filter((name) => existsSync(join(modules, name)));
  const files = [
    ...readdirSync(modules).filter((name) => name.startsWith('modules.')),
    ...wanted.flatMap((name) =>
      readdirSync(join(modules, name), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(modules, join(entry.parentPath ?? entry.path, entry.name))),
    ),
  ];
  const initramfs = join(folder, 'initramfs');
  writeFileSync(
    initramfs,
    archive([
      { path: 'init', bytes: Buffer.from(initScript()) },
      { path: 'bin/busybox', bytes: readFileSync(join(busybox, 'bin', 'busybox')) },
      { path: 'sbin/modprobe', bytes: Buffer.from('#!/bin/busybox sh\nexec /bin/busybox modprobe "$@"\n') },
      { path: 'sys/' },
      { path: 'proc/' },
      { path: 'dev/' },
      { path: 'host/' },
      ...files.map((name) => ({ path: `lib/modules/${version}/${name}`, bytes: readFileSync(join(modules, name)) })),
    ]),
  );
  return { image: join(boot, image), initramfs };
}

/** The project has a share of its own, since the guest's own /tmp would hide it where it lies there. */
function initScript() {
  const node = join('/mnt', relative(root, findNode()));
  return `#!/bin/busybox sh
export PATH=/bin:/sbin
busybox mount -t proc proc /proc
busybox mount -t sysfs sys /sys
busybox mount -t devtmpfs dev /dev
for module in ${AT_BOOT.join(' ')}; do busybox modprobe $module; done
share() { busybox mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=524288 $1 $2 || busybox poweroff -f; }
share host /host
share project /host/mnt
busybox mount -t proc proc /host/proc
busybox mount -t sysfs sys /host/sys
busybox mount -t devtmpfs dev /host/dev
for empty in tmp run var/log var/lib var/tmp; do busybox mount -t tmpfs tmpfs /host/$empty; done
busybox mount -t tracefs tracefs /host/sys/kernel/tracing
busybox mount -t cgroup2 cgroup2 /host/sys/fs/cgroup
busybox chroot /host /bin/sh -c 'export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp; ip link set lo up; cd /mnt && exec ${node} tools/old-kernel-guest.ts ${tests.join(' ')}'
busybox poweroff -f
`;
}

/** Resolves with the exit code: 0 if the guest had nothing to complain of. */
async function boot({ image, initramfs }) {
  const share = (path, tag) => [
    '-virtfs',
    `local,path=${path},mount_tag=${tag},security_model=none,readonly=on,multidevs=remap`,
  ];
  const guest = spawn(
    'qemu-system-x86_64',
    [
      ...[
        '-accel',
        values.kvm ? 'kvm' : 'tcg',
        '-cpu',
        'max',
        '-smp',
        '2',
        '-m',
        '3072',
        '-nographic',
        '-no-reboot',
        '-nic',
        'none',
      ],
      ...['-kernel', image, '-initrd', initramfs, '-append', 'console=ttyS0 panic=-1 loglevel=4'],
      ...share('/', 'host'),
      ...share(root, 'project'),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const limit = setTimeout(() => {
    process.stderr.write(`the guest is not done after ${values.minutes} minutes\n`);
    guest.kill('SIGKILL');
  }, Number(values.minutes) * 60_000);
  let said = '';
  guest.stdout.setEncoding('utf8').on('data', (text) => {
    said += text;
    process.stdout.write(text);
  });
  await new Promise((resolve) => guest.once('close', resolve));
  clearTimeout(limit);
  const [, failed] = VERDICT.exec(said.replaceAll('\r', '')) ?? [];
  return failed === '0' ? 0 : 1;
}
