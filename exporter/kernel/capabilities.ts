// The rights (capabilities(7)) that capture uses, what each is for, and what is lost without it.

import { readFileSync } from 'node:fs';

export interface Capability {
  /** As setpriv and Kubernetes write it, without CAP_. */
  readonly name: 'BPF' | 'PERFMON' | 'NET_ADMIN' | 'SYS_PTRACE' | 'DAC_READ_SEARCH';
  readonly bit: number;
  /** A clause that ends "without CAP_X, ...". */
  readonly without: string;
  /** Nothing can be captured without it. */
  readonly isRequired: boolean;
}

const SYS_ADMIN_BIT = 21;

/** All that is needed, and no more: a test captures with these alone. */
export const capabilities: readonly Capability[] = [
  { name: 'BPF', bit: 39, without: 'no program can be loaded into the kernel', isRequired: true },
  { name: 'PERFMON', bit: 38, without: 'drops and sockets cannot be followed', isRequired: true },
  { name: 'NET_ADMIN', bit: 12, without: 'no interface can be watched', isRequired: true },
  {
    name: 'SYS_PTRACE',
    bit: 19,
    without: "the executables of other users' processes are not known, only their commands",
    isRequired: false,
  },
  {
    name: 'DAC_READ_SEARCH',
    bit: 2,
    without: "of UDP servers that never answer, other users' are not known by process",
    isRequired: false,
  },
];

/** Those this process lacks. CAP_SYS_ADMIN stands for the first three, as it did before they were split off. */
export function missingCapabilities(effective: bigint): readonly Capability[] {
  const has = (bit: number) => ((effective >> BigInt(bit)) & 1n) === 1n;
  return capabilities.filter(({ name, bit }) => {
    const isOfAdmin = name === 'BPF' || name === 'PERFMON';
    return !has(bit) && !(isOfAdmin && has(SYS_ADMIN_BIT));
  });
}

export function effectiveCapabilities(): bigint {
  try {
    const [, hexadecimal = '0'] = /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    return BigInt(`0x${hexadecimal}`);
  } catch {
    // No /proc: not Linux, which the platform check says.
    return 0n;
  }
}
