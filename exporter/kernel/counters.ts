// The kernel half's counters: one array element a kind, one 64-bit number a possible CPU in it, added up here.

import { libbpf } from './libbpf.ts';

/** Reads one array map: name -> sum over CPUs. One system call a name. */
export function readCounters(mapFd: number, names: readonly string[]): Record<string, number> {
  const bpf = libbpf();
  const values = Buffer.alloc(8 * bpf.possibleCpus());
  const key = Buffer.alloc(4);
  const sums: Record<string, number> = {};
  names.forEach((name, index) => {
    key.writeUInt32LE(index);
    let sum = 0;
    if (bpf.lookup(mapFd, key, values) === 0) {
      for (let offset = 0; offset < values.length; offset += 8) sum += Number(values.readBigUInt64LE(offset));
    }
    sums[name] = sum;
  });
  return sums;
}
