// One BPF object from file to loaded: settings written into its read-only data, maps sized or shared, then load, beside
// this thread or on it. Throws in words with the verifier's log; the caller decides what goes on without it.

import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import koffi from 'koffi';
import { jiffyNs } from './jiffies.ts';
import { settingsLayout as at } from './layout.ts';
import { addressOf, checkPointer, checkResult, errorText, libbpf, type Pointer, viewMemory } from './libbpf.ts';

/** The kernel half's settings; see struct px_settings. */
export interface KernelSettings {
  readonly tickNs: bigint;
  readonly repeatNs: bigint;
  /** Drop reasons that are no loss, by the running kernel's numbers; those above 255 are never ignored. */
  readonly ignoredReasons: readonly number[];
  readonly ringBytes: number;
  readonly l7: boolean;
  readonly l7Bytes: number;
  readonly includeNoise: boolean;
  readonly dropsPerSecond: number;
  /** TCP ports of this process itself, at most two: traffic of the host to or from them is not told. */
  readonly ownPorts?: readonly number[];
}

export interface ObjectOptions {
  readonly file: URL;
  readonly settings: KernelSettings;
  /** Descriptor of the ring buffer every object writes to. */
  readonly ringFd: number;
  readonly maxEntries?: Readonly<Record<string, number>>;
  /** Descriptors of maps that another object has made, by name. */
  readonly sharedMaps?: Readonly<Record<string, number>>;
  /** Programs not to load. */
  readonly without?: readonly string[];
}

/** A function in a program's or library's file, within one process. */
export interface UserFunction {
  readonly pid: number;
  /** As this process finds the file. */
  readonly file: string;
  readonly symbol: string;
  /** Called when it returns, not when it is entered. */
  readonly onReturn: boolean;
}

/** The kernel takes about 0.1 s for a function, in which this process goes on. close() is not to be called before. */
export type Detach = () => Promise<void>;

export interface BpfObject {
  programFd(name: string): number;
  mapFd(name: string): number;
  /** Attaches a program to the hook its section names, until close(). */
  attach(name: string): void;
  /** Attaches a program to a cgroup and all below it, until close(). `type`: enum bpf_attach_type. */
  attachToCgroup(name: string, directory: string, type: number): void;
  /** Attaches a program to a function of a process; returns what detaches it. Undefined: the file has no such symbol. */
  attachToFunction(name: string, target: UserFunction): Detach | undefined;
  /** Runs an iterator program over all there is, once, now. */
  iterate(name: string): void;
  /** Detaches and unloads; maps still referenced elsewhere live on. */
  close(): void;
}

/** Loads while this thread goes on: the kernel checks the programs for a quarter of a second. */
export async function loadObjectAside(options: ObjectOptions): Promise<BpfObject> {
  const opened = openObject(options);
  if ((await opened.loadAside()) >= 0) return opened;
  opened.close();
  // Beside this thread libbpf has to be silent; it is asked again for the reason.
  return loadObject(options);
}

export function loadObject(options: ObjectOptions): BpfObject {
  const opened = openObject(options);
  try {
    opened.load();
  } catch (error) {
    opened.close();
    throw error;
  }
  return opened;
}

interface OpenedObject extends BpfObject {
  load(): void;
  /** Negative: an error code, and the object can only be closed. */
  loadAside(): Promise<number>;
}

function openObject(options: ObjectOptions): OpenedObject {
  const bpf = libbpf();
  const name = options.file.pathname.split('/').pop() ?? 'object';
  const bytes = readFileSync(options.file);
  // struct bpf_object_open_opts { size_t sz; const char *object_name; }: without a name the maps are called by a hash.
  const objectName = Buffer.from('parallax\0');
  const openOptions = Buffer.alloc(16);
  openOptions.writeBigUInt64LE(16n, 0);
  openOptions.writeBigUInt64LE(addressOf(objectName), 8);
  bpf.takeLog();
  const object = checkPointer(bpf.openMemory(bytes, bytes.length, openOptions), `opening ${name}`);
  const links = new Set<Pointer>();
  const linkFds: number[] = [];
  const map = (mapName: string) => checkPointer(bpf.findMap(object, mapName), `finding map ${mapName} in ${name}`);
  const program = (programName: string) =>
    checkPointer(bpf.findProgram(object, programName), `finding program ${programName} in ${name}`);
  const close = () => {
    for (const link of links) bpf.destroyLink(link);
    links.clear();
    for (const link of linkFds.splice(0)) bpf.closeFd(link);
    bpf.close(object);
  };
  try {
    writeSettings(map('parallax.rodata'), options.settings);
    checkResult(bpf.reuseFd(map('records'), options.ringFd), `sharing the ring with ${name}`);
    for (const [mapName, entries] of Object.entries(options.maxEntries ?? {})) {
      checkResult(bpf.setMaxEntries(map(mapName), entries), `sizing map ${mapName} to ${entries} entries`);
    }
    for (const [mapName, fd] of Object.entries(options.sharedMaps ?? {})) {
      checkResult(bpf.reuseFd(map(mapName), fd), `sharing map ${mapName} with ${name}`);
    }
    for (const programName of options.without ?? []) bpf.setAutoload(program(programName), false);
  } catch (error) {
    close();
    throw error;
  }
  return {
    load: () => void checkResult(bpf.load(object), `loading ${name} into the kernel`),
    loadAside: () => bpf.loadAside(object),
    programFd: (programName) => checkResult(bpf.programFd(program(programName)), `descriptor of ${programName}`),
    mapFd: (mapName) => checkResult(bpf.mapFd(map(mapName)), `descriptor of ${mapName}`),
    attach: (programName) => {
      links.add(checkPointer(bpf.attach(program(programName)), `attaching ${programName} of ${name}`));
    },
    attachToCgroup: (programName, directory, type) => {
      const tried = `attaching ${programName} of ${name} to ${directory}`;
      const cgroup = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
      const programFd = checkResult(bpf.programFd(program(programName)), `descriptor of ${programName}`);
      const link = bpf.createLink(programFd, cgroup, type, null);
      const code = koffi.errno();
      closeSync(cgroup);
      if (link < 0) throw new Error(`${tried} failed: ${errorText(code)}`);
      linkFds.push(link);
    },
    attachToFunction: (programName, target) => {
      const tried = `attaching ${programName} of ${name} to ${target.symbol} in ${target.file}`;
      const symbol = Buffer.from(`${target.symbol}\0`);
      const options = uprobeOptions(symbol, target.onReturn);
      const link = bpf.attachUprobe(program(programName), target.pid, target.file, 0, options);
      if (link === null && koffi.errno() === koffi.os.errno.ENOENT) return undefined;
      const attached = checkPointer(link, tried);
      links.add(attached);
      return async () => {
        if (links.delete(attached)) await bpf.destroyLinkAside(attached);
      };
    },
    iterate: (programName) => {
      const link = checkPointer(bpf.attach(program(programName)), `attaching ${programName} of ${name}`);
      try {
        const fd = checkResult(bpf.createIterator(bpf.linkFd(link)), `starting ${programName} of ${name}`);
        readToEnd(fd);
        bpf.closeFd(fd);
      } finally {
        bpf.destroyLink(link);
      }
    },
    close,
  };
}

/** struct bpf_uprobe_opts { size_t sz, ref_ctr_offset; u64 cookie; bool retprobe; const char *func_name; } */
function uprobeOptions(symbol: Buffer, onReturn: boolean): Buffer {
  const options = Buffer.alloc(40);
  options.writeBigUInt64LE(40n, 0);
  options.writeUInt8(onReturn ? 1 : 0, 24);
  options.writeBigUInt64LE(addressOf(symbol), 32);
  return options;
}

/** The iterators write nothing: reading is what makes them run, and they stop after a while with EAGAIN to be asked again. */
function readToEnd(fd: number): void {
  const scratch = Buffer.alloc(64);
  for (;;) {
    const bytes = libbpf().read(fd, scratch, scratch.length);
    if (bytes === 0) return;
    if (bytes < 0 && koffi.errno() !== koffi.os.errno.EAGAIN) {
      throw new Error(`walking the sockets failed: ${errorText(koffi.errno())}`);
    }
  }
}

function writeSettings(rodata: Pointer, settings: KernelSettings): void {
  const length = [0];
  const initial = checkPointer(libbpf().initialValue(rodata, length), 'reading the read-only data');
  const bytes = length[0] ?? 0;
  if (bytes < at.sizeof) {
    throw new Error(
      `read-only data has ${bytes} bytes, settings need ${at.sizeof}: rebuild the objects with bpf/build.sh`,
    );
  }
  const view = new DataView(viewMemory(initial, bytes));
  view.setBigUint64(at.tickJiffies, settings.tickNs / BigInt(jiffyNs()), true);
  view.setBigUint64(at.repeatNs, settings.repeatNs, true);
  const words = [0n, 0n, 0n, 0n];
  for (const reason of settings.ignoredReasons) {
    const word = reason >> 6;
    if (reason < 256) words[word] = (words[word] ?? 0n) | (1n << BigInt(reason & 63));
  }
  words.forEach((word, index) => {
    view.setBigUint64(at.ignoredReasons + 8 * index, word, true);
  });
  view.setUint32(at.ringBytes, settings.ringBytes, true);
  view.setUint32(at.l7Enabled, settings.l7 ? 1 : 0, true);
  view.setUint32(at.l7Bytes, settings.l7Bytes, true);
  view.setUint32(at.includeNoise, settings.includeNoise ? 1 : 0, true);
  view.setUint32(at.dropsPerSecond, settings.dropsPerSecond, true);
  (settings.ownPorts ?? []).slice(0, 2).forEach((port, index) => {
    view.setUint16(at.ownPorts + 2 * index, port, false);
  });
}
