// The programs of tls.bpf.c in one process: attached to the functions of its TLS library, and taken away again. The kernel
// stops only this process for them, whoever else maps the same file.

import type { BpfObject, Detach } from '../kernel/bpf-object.ts';
import { libbpf } from '../kernel/libbpf.ts';
import { findLibraries, type TlsLibrary } from './process-files.ts';

/** Values of the map `watched` (bpf/tls-record.h). */
const WATCHED = 1;
const READS_BEFORE = 2;

interface LibraryFunction {
  readonly symbol: string;
  readonly onEntry: string;
  readonly hasReturn: boolean;
  /** A library without it is none that can be read. */
  readonly isRequired: boolean;
}

const FUNCTIONS: readonly LibraryFunction[] = [
  { symbol: 'SSL_read', onEntry: 'on_read', hasReturn: true, isRequired: true },
  { symbol: 'SSL_write', onEntry: 'on_write', hasReturn: true, isRequired: true },
  { symbol: 'SSL_read_ex', onEntry: 'on_read_ex', hasReturn: true, isRequired: false },
  { symbol: 'SSL_write_ex', onEntry: 'on_write_ex', hasReturn: true, isRequired: false },
  { symbol: 'SSL_do_handshake', onEntry: 'on_handshake', hasReturn: true, isRequired: false },
  { symbol: 'SSL_free', onEntry: 'on_free', hasReturn: false, isRequired: false },
];

export interface AttachedProcess {
  /** "libssl.so.3", "node". */
  readonly library: string;
  /** Functions that the library does not have. */
  readonly missing: readonly string[];
  /** Nothing is told of the process from here on; resolves when its probes are gone. */
  detach(): Promise<void>;
}

/** Undefined: no file of the process has a TLS library in it. Rejects where the process may not be looked into or probed. */
export async function attachProcess(object: BpfObject, pid: number): Promise<AttachedProcess | undefined> {
  for (const library of findLibraries(pid)) {
    const attached = await attachLibrary(object, pid, library);
    if (attached !== undefined) return attached;
  }
  return undefined;
}

async function attachLibrary(
  object: BpfObject,
  pid: number,
  { file, name, readsBefore }: TlsLibrary,
): Promise<AttachedProcess | undefined> {
  const undo: Detach[] = [];
  const missing: string[] = [];
  const watched = object.mapFd('watched');
  const key = Buffer.alloc(4);
  key.writeUInt32LE(pid);
  const detach = async () => {
    libbpf().remove(watched, key);
    await Promise.all(undo.splice(0).map((one) => one()));
  };
  const attach = (program: string, symbol: string, onReturn: boolean): boolean => {
    const attached = object.attachToFunction(program, { pid, file, symbol, onReturn });
    if (attached !== undefined) undo.push(attached);
    return attached !== undefined;
  };
  try {
    for (const { symbol, onEntry, hasReturn, isRequired } of FUNCTIONS) {
      const isThere = attach(onEntry, symbol, false) && (!hasReturn || attach('on_return', symbol, true));
      if (isThere) continue;
      if (isRequired) {
        await detach();
        return undefined;
      }
      missing.push(symbol);
    }
    const value = Buffer.alloc(4);
    value.writeUInt32LE(readsBefore ? WATCHED | READS_BEFORE : WATCHED);
    // Last, so that no call is told of whose beginning was not seen.
    libbpf().update(watched, key, value, 0);
  } catch (error) {
    await detach();
    throw error;
  }
  return { library: name, missing, detach };
}
