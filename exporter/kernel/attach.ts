// Hooks programs to interfaces. TCX links (6.6 and later) vanish with our process whatever happens to it; on older
// kernels clsact filters are used, which would survive a kill: they have a fixed handle and priority, so that a new
// start replaces what an old one left. Programs pass every packet on to whatever is hooked after them.

import koffi from 'koffi';
import type { Place } from './interfaces.ts';
import { checkResult, errorText, libbpf } from './libbpf.ts';
import { countFilters } from './netlink.ts';

const TCX_INGRESS = 46;
const TCX_EGRESS = 47;
const TC_INGRESS = 1;
const TC_EGRESS = 2;
const FILTER_REPLACE = 1;
const FILTER_HANDLE = 1;
const FILTER_PRIORITY = 50;

export type AttachMethod = 'tcx' | 'clsact';

export interface Attachment {
  readonly method: AttachMethod;
  detach(): void;
}

/** The program for each direction of an interface. On loopback a packet passes both, so one is enough. */
export const placePrograms: Readonly<Record<Place, { readonly ingress?: string; readonly egress: string }>> = {
  veth: { ingress: 'veth_in', egress: 'veth_out' },
  host: { ingress: 'host_in', egress: 'host_out' },
  loopback: { egress: 'loopback_out' },
};

/** Hooks both directions or none. Throws with the kernel's reason. */
export function attachInterface(
  index: number,
  place: Place,
  programFd: (name: string) => number,
  method: AttachMethod,
): Attachment {
  const programs = placePrograms[place];
  const attach = method === 'tcx' ? attachTcx : attachFilter;
  const undo: (() => void)[] = [];
  try {
    if (programs.ingress !== undefined) undo.push(attach(index, 'ingress', programFd(programs.ingress)));
    undo.push(attach(index, 'egress', programFd(programs.egress)));
  } catch (error) {
    for (const detach of undo) detach();
    throw error;
  }
  return {
    method,
    detach() {
      // The first one made the qdisc, so it goes last.
      for (const detach of undo.splice(0).reverse()) detach();
    },
  };
}

/** TCX where this kernel has it, found out on one interface that is always there. */
export function chooseMethod(loopbackIndex: number, programFd: number): AttachMethod {
  const bpf = libbpf();
  const link = bpf.createLink(programFd, loopbackIndex, TCX_EGRESS, null);
  if (link < 0) return 'clsact';
  bpf.closeFd(link);
  return 'tcx';
}

function attachTcx(index: number, direction: 'ingress' | 'egress', programFd: number): () => void {
  const bpf = libbpf();
  const link = bpf.createLink(programFd, index, direction === 'ingress' ? TCX_INGRESS : TCX_EGRESS, null);
  // libbpf leaves the cause in errno; its return value alone may be -1.
  if (link < 0) throw new Error(`hooking ${direction} of interface ${index} failed: ${errorText(koffi.errno())}`);
  return () => {
    bpf.closeFd(link);
  };
}

function attachFilter(index: number, direction: 'ingress' | 'egress', programFd: number): () => void {
  const bpf = libbpf();
  const hook = tcHook(index, direction === 'ingress' ? TC_INGRESS : TC_EGRESS);
  // Makes the clsact qdisc, unless there is one: then it stays, since somebody else's filters may be in it.
  const isOurs = bpf.hookCreate(tcHook(index, TC_INGRESS | TC_EGRESS)) === 0;
  const options = tcOptions(programFd, FILTER_REPLACE);
  try {
    checkResult(bpf.tcAttach(hook, options), `adding a clsact filter to ${direction} of interface ${index}`);
  } catch (error) {
    if (isOurs) removeEmptyQdisc(index);
    throw error;
  }
  bpf.takeLog();
  return () => {
    bpf.tcDetach(hook, tcOptions(0, 0));
    if (isOurs) removeEmptyQdisc(index);
  };
}

/**
 * Removes what an exporter that was killed left on an interface: clsact filters stay, TCX links do not. Told from somebody
 * else's filter at the same place by the program's name.
 */
export function removeLeftovers(index: number): void {
  const bpf = libbpf();
  let found = false;
  for (const point of [TC_INGRESS, TC_EGRESS]) {
    const options = tcOptions(0, 0);
    if (bpf.tcQuery(tcHook(index, point), options) !== 0) continue;
    if (!ourPrograms.has(programName(options.readUInt32LE(16)))) continue;
    bpf.tcDetach(tcHook(index, point), tcOptions(0, 0));
    found = true;
  }
  if (found) removeEmptyQdisc(index);
  bpf.takeLog();
}

const ourPrograms: ReadonlySet<string> = new Set(
  Object.values(placePrograms).flatMap(({ ingress, egress }) => (ingress === undefined ? [egress] : [ingress, egress])),
);

/** As loaded, 15 characters at most; '' if it is gone. */
function programName(id: number): string {
  const bpf = libbpf();
  const fd = bpf.programById(id);
  if (fd < 0) return '';
  // struct bpf_prog_info: the name is 64 bytes in (linux/bpf.h).
  const info = Buffer.alloc(232);
  const failed = bpf.objectInfo(fd, info, [info.length]) !== 0;
  bpf.closeFd(fd);
  return failed ? '' : info.toString('latin1', 64, 80).replace(/\0.*$/, '');
}

/** With another's filter in it, it is no longer ours to remove. */
function removeEmptyQdisc(index: number): void {
  if (countFilters(index) === 0) libbpf().hookDestroy(tcHook(index, TC_INGRESS | TC_EGRESS));
}

/** struct bpf_tc_hook { size_t sz; int ifindex; enum attach_point; u32 parent; } */
function tcHook(index: number, point: number): Buffer {
  const hook = Buffer.alloc(24);
  hook.writeBigUInt64LE(24n, 0);
  hook.writeInt32LE(index, 8);
  hook.writeUInt32LE(point, 12);
  return hook;
}

/** struct bpf_tc_opts { size_t sz; int prog_fd; u32 flags, prog_id, handle, priority; } Detaching wants the first three zero. */
function tcOptions(programFd: number, flags: number): Buffer {
  const options = Buffer.alloc(32);
  options.writeBigUInt64LE(32n, 0);
  options.writeInt32LE(programFd, 8);
  options.writeUInt32LE(flags, 12);
  options.writeUInt32LE(FILTER_HANDLE, 20);
  options.writeUInt32LE(FILTER_PRIORITY, 24);
  return options;
}
