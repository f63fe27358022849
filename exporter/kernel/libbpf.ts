// The C calls capture needs, typed: libbpf.so.1 for objects, maps and hooks, libc for mmap and netlink.
// Structures go as Buffers whose layout is written where they are built. Loaded on first use, since a machine may lack
// libbpf; every failure is an Error in words, with the verifier's log where the kernel refused a program.

import { promisify } from 'node:util';
import koffi, { type LibraryHandle } from 'koffi';

/** A C pointer; koffi keeps its shape to itself. */
export type Pointer = object | bigint;

export interface Libbpf {
  openMemory(bytes: Buffer, length: number, options: Buffer): Pointer | null;
  load(object: Pointer): number;
  /** On another thread, and without a word: libbpf's lines come to this thread, which may be busy. */
  loadAside(object: Pointer): Promise<number>;
  close(object: Pointer): void;
  findProgram(object: Pointer, name: string): Pointer | null;
  findMap(object: Pointer, name: string): Pointer | null;
  programFd(program: Pointer): number;
  setAutoload(program: Pointer, on: boolean): number;
  mapFd(map: Pointer): number;
  setMaxEntries(map: Pointer, entries: number): number;
  reuseFd(map: Pointer, fd: number): number;
  initialValue(map: Pointer, length: number[]): Pointer | null;
  attach(program: Pointer): Pointer | null;
  attachUprobe(program: Pointer, pid: number, path: string, offset: number, options: Buffer): Pointer | null;
  destroyLink(link: Pointer): number;
  /** The same on a thread of its own. */
  destroyLinkAside(link: Pointer): Promise<void>;
  linkFd(link: Pointer): number;
  createIterator(linkFd: number): number;
  createLink(programFd: number, target: number, type: number, options: null): number;
  createMap(type: number, name: string, keyBytes: number, valueBytes: number, entries: number, options: null): number;
  hookCreate(hook: Buffer): number;
  hookDestroy(hook: Buffer): number;
  tcAttach(hook: Buffer, options: Buffer): number;
  tcDetach(hook: Buffer, options: Buffer): number;
  tcQuery(hook: Buffer, options: Buffer): number;
  lookup(fd: number, key: Buffer, value: Buffer): number;
  update(fd: number, key: Buffer, value: Buffer, flags: number): number;
  remove(fd: number, key: Buffer): number;
  lookupAndDelete(fd: number, key: Buffer, value: Buffer): number;
  lookupBatch(
    fd: number,
    from: Buffer | null,
    next: Buffer,
    keys: Buffer,
    values: Buffer,
    count: number[],
    options: null,
  ): number;
  programById(id: number): number;
  objectInfo(fd: number, info: Buffer, length: number[]): number;
  possibleCpus(): number;
  testRun(fd: number, options: Buffer): number;
  btfLoad(): Pointer | null;
  btfFree(btf: Pointer): void;
  btfFind(btf: Pointer, name: string, kind: number): number;
  btfType(btf: Pointer, id: number): Pointer | null;
  btfName(btf: Pointer, offset: number): string;
  mmap(at: null, length: number, protection: number, flags: number, fd: number, offset: number): Pointer;
  closeFd(fd: number): number;
  read(fd: number, buffer: Buffer, length: number): number;
  socket(family: number, type: number, protocol: number): number;
  bind(fd: number, address: Buffer, length: number): number;
  receive(fd: number, buffer: Buffer, length: number, flags: number): number;
  send(fd: number, buffer: Buffer, length: number, flags: number): number;
  clockGettime(clock: number, out: Buffer): number;
  clockResolution(clock: number, out: Buffer): number;
  pageSize(): number;
  /** What libbpf and the verifier have said since the last call. */
  takeLog(): string;
}

let loaded: Libbpf | undefined;

/** Binds libbpf.so.1 once per process. Throws with the package to install where it is missing. */
export function libbpf(): Libbpf {
  loaded ??= bind();
  return loaded;
}

export function errorText(code: number): string {
  const names = Object.entries(koffi.os.errno);
  return names.find(([, value]) => value === Math.abs(code))?.[0] ?? `error ${Math.abs(code)}`;
}

/** Passes a non-negative result on; throws what was tried and libbpf's own words otherwise. */
export function checkResult(result: number, tried: string): number {
  if (result < 0) throw new Error(`${tried} failed: ${errorText(result)}${lastWords()}`);
  return result;
}

/** Passes a pointer on; throws likewise where it is null. */
export function checkPointer(pointer: Pointer | null, tried: string): Pointer {
  if (pointer === null) throw new Error(`${tried} failed: ${errorText(koffi.errno())}${lastWords()}`);
  return pointer;
}

/** Bytes of `length` at `pointer`, shared with C: valid only as long as C keeps them. */
export function viewMemory(pointer: Pointer, length: number): ArrayBuffer {
  return koffi.view(pointer, length);
}

export function addressOf(buffer: Buffer): bigint {
  return koffi.address(buffer);
}

function lastWords(): string {
  const log = libbpf().takeLog().trim();
  return log === '' ? '' : `\n${log.split('\n').slice(-30).join('\n')}`;
}

function openLibrary(name: string, mend: string): LibraryHandle {
  try {
    return koffi.load(name);
  } catch (cause) {
    throw new Error(`cannot load ${name}: ${mend}`, { cause });
  }
}

/** Kept of what was said. */
const LOG_BYTES = 1 << 16;
/** The verifier's log is one line to libbpf, of this length at most, and the reason is at its end. */
const LINE_BYTES = 1 << 24;

interface Log {
  /** What was said since the last call. */
  take(): string;
  /** Nothing is said while `work` is under way. */
  muted<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * libbpf logs through a va_list. It is handed to vsnprintf as the pointer it is: on x86-64 and arm64 alike the ABI
 * passes that structure by reference.
 */
function collectLog(bpf: LibraryHandle, c: LibraryHandle): Log {
  const format = c.func('int vsnprintf(void *buffer, size_t size, const char *format, void *arguments)');
  const setPrint = bpf.func('void *libbpf_set_print(void *callback)');
  let line: Buffer | undefined;
  let log = '';
  let muting = 0;
  const prototype = koffi.proto('int parallax_libbpf_print(int level, const char *format, void *arguments)');
  const callback = koffi.register((level: number, pattern: string, values: unknown): number => {
    if (level > 1) return 0;
    // Taken only now, and of memory only what is written to.
    line ??= Buffer.allocUnsafeSlow(LINE_BYTES);
    const length: number = format(line, LINE_BYTES, pattern, values);
    const end = Math.min(length, LINE_BYTES - 1);
    log = (log + line.toString('latin1', Math.max(0, end - LOG_BYTES), end)).slice(-LOG_BYTES);
    return length;
  }, koffi.pointer(prototype));
  setPrint(callback);
  return {
    take() {
      const words = log;
      log = '';
      return words;
    },
    async muted(work) {
      if (muting++ === 0) setPrint(null);
      try {
        return await work();
      } finally {
        if (--muting === 0) setPrint(callback);
      }
    },
  };
}

function bind(): Libbpf {
  const b = openLibrary(
    'libbpf.so.1',
    'install libbpf (Debian, Ubuntu: apt install libbpf1; Fedora: dnf install libbpf)',
  );
  const c = openLibrary('libc.so.6', 'Parallax captures on glibc systems only');
  const destroyLink = b.func('int bpf_link__destroy(void *)');
  const pageSize: number = c.func('long sysconf(int)')(30);
  const log = collectLog(b, c);
  const load = b.func('int bpf_object__load(void *)');
  return {
    openMemory: b.func('void *bpf_object__open_mem(const void *, size_t, void *)'),
    load,
    loadAside: (object) => log.muted(() => promisify(load.async)(object)),
    close: b.func('void bpf_object__close(void *)'),
    findProgram: b.func('void *bpf_object__find_program_by_name(void *, const char *)'),
    findMap: b.func('void *bpf_object__find_map_by_name(void *, const char *)'),
    programFd: b.func('int bpf_program__fd(void *)'),
    setAutoload: b.func('int bpf_program__set_autoload(void *, bool)'),
    mapFd: b.func('int bpf_map__fd(void *)'),
    setMaxEntries: b.func('int bpf_map__set_max_entries(void *, uint32_t)'),
    reuseFd: b.func('int bpf_map__reuse_fd(void *, int)'),
    initialValue: b.func('void *bpf_map__initial_value(void *, _Out_ size_t *)'),
    attach: b.func('void *bpf_program__attach(void *)'),
    attachUprobe: b.func('void *bpf_program__attach_uprobe_opts(void *, int, const char *, size_t, void *)'),
    destroyLink,
    destroyLinkAside: (link) => new Promise((resolve) => destroyLink.async(link, () => resolve())),
    linkFd: b.func('int bpf_link__fd(void *)'),
    createIterator: b.func('int bpf_iter_create(int)'),
    createLink: b.func('int bpf_link_create(int, int, int, void *)'),
    createMap: b.func('int bpf_map_create(int, const char *, uint32_t, uint32_t, uint32_t, void *)'),
    hookCreate: b.func('int bpf_tc_hook_create(void *)'),
    hookDestroy: b.func('int bpf_tc_hook_destroy(void *)'),
    tcAttach: b.func('int bpf_tc_attach(void *, void *)'),
    tcDetach: b.func('int bpf_tc_detach(void *, void *)'),
    tcQuery: b.func('int bpf_tc_query(void *, void *)'),
    lookup: b.func('int bpf_map_lookup_elem(int, const void *, void *)'),
    update: b.func('int bpf_map_update_elem(int, const void *, const void *, uint64_t)'),
    remove: b.func('int bpf_map_delete_elem(int, const void *)'),
    lookupAndDelete: b.func('int bpf_map_lookup_and_delete_elem(int, const void *, void *)'),
    lookupBatch: b.func('int bpf_map_lookup_batch(int, void *, void *, void *, void *, _Inout_ uint32_t *, void *)'),
    programById: b.func('int bpf_prog_get_fd_by_id(uint32_t)'),
    objectInfo: b.func('int bpf_obj_get_info_by_fd(int, void *, _Inout_ uint32_t *)'),
    possibleCpus: b.func('int libbpf_num_possible_cpus()'),
    testRun: b.func('int bpf_prog_test_run_opts(int, void *)'),
    btfLoad: b.func('void *btf__load_vmlinux_btf()'),
    btfFree: b.func('void btf__free(void *)'),
    btfFind: b.func('int btf__find_by_name_kind(void *, const char *, uint32_t)'),
    btfType: b.func('void *btf__type_by_id(void *, uint32_t)'),
    btfName: b.func('const char *btf__name_by_offset(void *, uint32_t)'),
    mmap: c.func('void *mmap(void *, size_t, int, int, int, int64_t)'),
    closeFd: c.func('int close(int)'),
    read: c.func('long read(int, void *, size_t)'),
    socket: c.func('int socket(int, int, int)'),
    bind: c.func('int bind(int, const void *, uint32_t)'),
    receive: c.func('long recv(int, void *, size_t, int)'),
    send: c.func('long send(int, const void *, size_t, int)'),
    clockGettime: c.func('int clock_gettime(int, void *)'),
    clockResolution: c.func('int clock_getres(int, void *)'),
    pageSize: () => pageSize,
    takeLog: log.take,
  };
}
