// Names of the kernel's drop reasons, read from the running kernel's own type information, since their numbers differ
// between kernels; and which of them are no loss.

import { checkPointer, libbpf, viewMemory } from './libbpf.ts';

const KIND_ENUM = 6;

/** Reason number -> name without prefix ('NETFILTER_DROP'). Empty where the kernel has no reasons (before 5.17). Costs about 40 ms. */
export function readDropReasons(): ReadonlyMap<number, string> {
  const bpf = libbpf();
  const names = new Map<number, string>();
  const btf = checkPointer(bpf.btfLoad(), 'reading the kernel type information in /sys/kernel/btf/vmlinux');
  try {
    const id = bpf.btfFind(btf, 'skb_drop_reason', KIND_ENUM);
    if (id < 0) return names;
    const type = checkPointer(bpf.btfType(btf, id), 'reading enum skb_drop_reason');
    // struct btf_type { u32 name_off, info, size }, then per value { u32 name_off; s32 val }.
    const values = (new Uint32Array(viewMemory(type, 12))[1] ?? 0) & 0xffff;
    const words = new Uint32Array(viewMemory(type, 12 + values * 8));
    for (let index = 0; index < values; index++) {
      const name = bpf.btfName(btf, words[3 + 2 * index] ?? 0);
      names.set(words[4 + 2 * index] ?? 0, name.replace(/^SKB_(DROP_REASON_)?/, ''));
    }
  } finally {
    bpf.btfFree(btf);
  }
  return names;
}

/** Freed in the normal course of things (what a closed socket still had queued), or where the kernel tells no reason. */
const NO_LOSS: ReadonlySet<string> = new Set([
  'NOT_DROPPED_YET',
  'CONSUMED',
  'NOT_SPECIFIED',
  'OTHERHOST',
  'UNHANDLED_PROTO',
  'QUEUE_PURGE',
  // TCP's own bookkeeping: segments that bring nothing new (keepalive probes, data already received, late
  // acknowledgements), and what still arrives at a socket that its program has closed. Nobody's traffic is refused.
  'TCP_OLD_SEQUENCE',
  'TCP_OLD_DATA',
  'TCP_OLD_ACK',
  'TCP_OFOMERGE',
  'TCP_CLOSE',
  'TCP_ABORT_ON_DATA',
]);

/** Numbers of the reasons not to report. Reasons without a name never count as no loss. */
export function ignoredReasons(names: ReadonlyMap<number, string>): number[] {
  return [...names].filter(([, name]) => NO_LOSS.has(name)).map(([reason]) => reason);
}

/** A name for any reason, also one of a subsystem with its own numbers in the high 16 bits. */
export function dropReasonName(names: ReadonlyMap<number, string>, reason: number): string {
  const subsystem = reason >>> 16;
  return names.get(reason) ?? (subsystem > 0 ? `SUBSYSTEM_${subsystem}_${reason & 0xffff}` : `REASON_${reason}`);
}
