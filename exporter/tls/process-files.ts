// What /proc tells of a process that --tls-plaintext may mean: its facts, and the files that hold its TLS library. Reads
// only; a process that ends meanwhile is undefined.

import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { cgroupOwner } from '../endpoints/cgroup-owner.ts';
import { cgroupPath } from '../endpoints/process-table.ts';
import type { ProcessFacts } from './selector.ts';

/** A file with a TLS library in it, as this process opens it. */
export interface TlsLibrary {
  readonly file: string;
  /** "libssl.so.3", "node". */
  readonly name: string;
  /**
   * The program reads from its sockets by itself, and gives the bytes to the library on the same thread before anything
   * else: so does Node (src/crypto/crypto_tls.cc, TLSWrap::OnStreamRead).
   */
  readonly readsBefore: boolean;
}

export function listPids(procRoot = '/proc'): number[] {
  return readdirSync(procRoot).flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
}

export function readFacts(pid: number, procRoot = '/proc'): ProcessFacts | undefined {
  const directory = `${procRoot}/${pid}`;
  try {
    const owner = cgroupOwner(cgroupPath(readFileSync(`${directory}/cgroup`, 'utf8')));
    return {
      pid,
      command: readFileSync(`${directory}/comm`, 'utf8').trimEnd(),
      executable: executableOf(directory),
      unit: owner.unit,
      containerId: owner.containerId,
    };
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** When it was started, in ticks since boot: with the pid it names a process for good. Undefined if it is gone. */
export function readStart(pid: number, procRoot = '/proc'): string | undefined {
  try {
    const stat = readFileSync(`${procRoot}/${pid}/stat`, 'utf8');
    // Field 22 of proc_pid_stat(5); the second may hold blanks and parentheses.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/**
 * Mapped libssl first, then the program itself, which may have the library built in. Throws where the process may not be
 * looked into (CAP_SYS_PTRACE).
 */
export function findLibraries(pid: number, procRoot = '/proc'): TlsLibrary[] {
  const directory = `${procRoot}/${pid}`;
  const mapped = mappedFiles(readFileSync(`${directory}/maps`, 'utf8'));
  const program = basename(executableOf(directory));
  const isNode = /^node(js)?$/.test(program) || mapped.some(({ path }) => /\/libnode\.so[.\d]*$/.test(path));
  const libraries = mapped
    .filter(({ path }) => /\/(libssl|libnode)\.so[.\d]*$/.test(path))
    .map(({ path, inode }) => ({ file: `${directory}/root${path}`, name: basename(path), readsBefore: isNode, inode }))
    // An upgrade has put another file in its place: its addresses are others.
    .filter(({ file, inode }) => inodeOf(file) === inode);
  return [...libraries, { file: `${directory}/exe`, name: program, readsBefore: isNode }];
}

/** Files that code is run from, each once. */
function mappedFiles(maps: string): { readonly path: string; readonly inode: string }[] {
  const found = new Map<string, string>();
  for (const line of maps.split('\n')) {
    const [, inode = '', path = ''] = /^\S+ ..x. \S+ \S+ (\d+) +(\/.*)$/.exec(line) ?? [];
    if (path !== '') found.set(path, inode);
  }
  return [...found].map(([path, inode]) => ({ path, inode }));
}

function inodeOf(file: string): string {
  try {
    return String(statSync(file, { bigint: true }).ino);
  } catch (error) {
    if (isGone(error)) return '';
    throw error;
  }
}

function executableOf(directory: string): string {
  try {
    return readlinkSync(`${directory}/exe`).replace(/ \(deleted\)$/, '');
  } catch {
    // A thread of the kernel has none, and another user's may not be read: then it is not selected by its program.
    return '';
  }
}

function isGone(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOENT' || code === 'ESRCH' || code === 'ENOTDIR';
}
