// Whether this machine can capture, check by check, in words a person can act on. Changes nothing.

import { existsSync } from 'node:fs';
import { release } from 'node:os';
import { type Capability, effectiveCapabilities, missingCapabilities } from './capabilities.ts';
import { libbpf } from './libbpf.ts';

export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  /** Without it nothing can be captured; without the others, less. */
  readonly isRequired: boolean;
  readonly detail: string;
  /** What to do about it; '' where nothing is needed. */
  readonly mend: string;
}

export interface Support {
  /** False if nothing can be captured. A finding may be not ok and capture still possible in part. */
  readonly ok: boolean;
  readonly findings: readonly Finding[];
}

/** Ring buffer 5.8; cookies in tracepoints 5.12; functions checked once with pointers 5.13; reasons of drops 5.17; TCX 6.6. */
const KERNEL_FLOOR = [5, 13] as const;

export function checkSupport(): Support {
  const required = [checkPlatform(), checkKernel(), checkRights(), checkBtf(), checkLibrary()];
  const helpful = [checkNames(), checkFeatures(), checkCgroups()].map((found) => ({ ...found, isRequired: false }));
  return { ok: required.every((found) => found.ok), findings: [...required, ...helpful] };
}

function finding(check: string, ok: boolean, detail: string, mend: string): Finding {
  return { check, ok, isRequired: true, detail, mend: ok ? '' : mend };
}

function checkPlatform(): Finding {
  const ok = process.platform === 'linux' && (process.arch === 'x64' || process.arch === 'arm64');
  return finding('platform', ok, `${process.platform} ${process.arch}`, 'capture needs Linux on x86-64 or arm64');
}

/** Major and minor, as numbers; [0, 0] if the text is no version. */
export function kernelVersion(text: string): readonly [number, number] {
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)/.exec(text) ?? [];
  return [Number(major), Number(minor)];
}

export function atLeast(version: readonly [number, number], wanted: readonly [number, number]): boolean {
  return version[0] > wanted[0] || (version[0] === wanted[0] && version[1] >= wanted[1]);
}

function checkKernel(): Finding {
  const ok = atLeast(kernelVersion(release()), KERNEL_FLOOR);
  const detail = ok ? `Linux ${release()}` : `Linux ${release()} is too old`;
  return finding('kernel', ok, detail, `use Linux ${KERNEL_FLOOR.join('.')} or later`);
}

function checkRights(): Finding {
  const missing = missingCapabilities(effectiveCapabilities()).filter((capability) => capability.isRequired);
  const detail =
    missing.length === 0
      ? 'may load BPF programs'
      : `this process may not load BPF programs: ${missing.map(withoutText).join('; ')}`;
  return finding('rights', missing.length === 0, detail, 'run as root, or with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON');
}

function checkNames(): Finding {
  const missing = missingCapabilities(effectiveCapabilities()).filter((capability) => !capability.isRequired);
  return finding(
    'names of processes',
    missing.length === 0,
    missing.length === 0 ? 'all' : missing.map(withoutText).join('; '),
    `add ${missing.map(({ name }) => `CAP_${name}`).join(' and ')}`,
  );
}

function withoutText({ name, without }: Capability): string {
  return `without CAP_${name}, ${without}`;
}

function checkBtf(): Finding {
  const path = '/sys/kernel/btf/vmlinux';
  const ok = existsSync(path);
  const detail = ok ? path : `${path} is missing`;
  return finding(
    'kernel types (BTF)',
    ok,
    detail,
    'use a kernel built with CONFIG_DEBUG_INFO_BTF=y; the usual distributions have it',
  );
}

function checkLibrary(): Finding {
  try {
    libbpf();
    return finding('libbpf', true, 'libbpf.so.1 is loaded', '');
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return finding(
      'libbpf',
      false,
      detail,
      'install it (Debian, Ubuntu: apt install libbpf1; Fedora: dnf install libbpf)',
    );
  }
}

function checkFeatures(): Finding {
  const version = kernelVersion(release());
  const missing = [
    ...(atLeast(version, [5, 17]) ? [] : ['drops with reasons (5.17)']),
    ...(atLeast(version, [6, 6]) ? [] : ['hooks that vanish with the exporter (TCX, 6.6; clsact filters are used)']),
  ];
  const detail = missing.length === 0 ? 'all' : `without ${missing.join(', ')}`;
  return finding('features', missing.length === 0, detail, 'a later kernel has them; the rest works');
}

function checkCgroups(): Finding {
  const ok = ['/sys/fs/cgroup/cgroup.controllers', '/sys/fs/cgroup/unified/cgroup.procs'].some((path) =>
    existsSync(path),
  );
  const detail = ok ? 'cgroup v2 is mounted' : 'cgroup v2 is not mounted';
  return finding('cgroups', ok, detail, 'mount cgroup2, else containers are named by address alone');
}
