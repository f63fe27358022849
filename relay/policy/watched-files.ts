// A file, or the *.json, *.yaml and *.yml files of a folder, read anew whenever one of them changes. A change is told by the
// file system or found by looking again, for file systems that tell nothing and paths that do not exist yet.

import { type FSWatcher, watch } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** 10,000 policies of 1.5 KB, with room; all files together. */
const maxBytes = 64 * 1024 * 1024;
const maxFiles = 20_000;
/** Editors and kubelet write in several steps. */
const debounceMs = 50;

export interface FileText {
  readonly name: string;
  readonly text: string;
}

export interface WatchedFilesOptions {
  readonly path: string;
  /** Milliseconds between looks. Default 2000. */
  readonly recheckMs?: number;
  /** Told after each change, and never while a call before has not ended. A rejection is told to onTrouble. */
  onFiles(files: readonly FileText[]): Promise<void>;
  onTrouble(error: Error): void;
}

export class WatchedFiles {
  readonly #options: WatchedFilesOptions;
  #watcher: FSWatcher | undefined;
  #debounce: NodeJS.Timeout | undefined;
  #recheck: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #signature = '';
  #isStopped = false;

  constructor(options: WatchedFilesOptions) {
    this.#options = options;
  }

  /** Resolves after the first look. */
  async start(): Promise<void> {
    this.#recheck = setInterval(() => void this.look(), this.#options.recheckMs ?? 2000).unref();
    await this.look();
  }

  stop(): void {
    this.#isStopped = true;
    this.#watcher?.close();
    clearInterval(this.#recheck);
    clearTimeout(this.#debounce);
  }

  /** Reads if anything changed since the last look. */
  look(): Promise<void> {
    this.#looking ??= this.#read().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #read(): Promise<void> {
    const { path, onFiles, onTrouble } = this.#options;
    try {
      const { isFolder, names, signature } = await list(path);
      this.#watch(isFolder ? path : dirname(path));
      if (signature === this.#signature) return;
      // Told once, whatever comes of it: the same content would fail again.
      this.#signature = signature;
      const files: FileText[] = [];
      for (const name of names) files.push({ name: basename(name), text: await readFile(name, 'utf8') });
      if (!this.#isStopped) await onFiles(files);
    } catch (error) {
      const told = error instanceof Error ? error : new Error(String(error));
      if ((told as NodeJS.ErrnoException).code === 'ENOENT') {
        if (this.#signature === 'missing') return;
        this.#signature = 'missing';
        onTrouble(new Error(`${path} does not exist`, { cause: error }));
      } else onTrouble(told);
    }
  }

  /** The folder, not the file: a file replaced by renaming is another file. */
  #watch(folder: string): void {
    if (this.#watcher !== undefined || this.#isStopped) return;
    this.#watcher = watch(folder, { persistent: false }, () => {
      clearTimeout(this.#debounce);
      this.#debounce = setTimeout(() => void this.look(), debounceMs);
    });
    this.#watcher.on('error', () => {
      this.#watcher?.close();
      this.#watcher = undefined;
    });
  }
}

async function list(path: string): Promise<{ isFolder: boolean; names: readonly string[]; signature: string }> {
  const isFolder = (await stat(path)).isDirectory();
  const names = isFolder
    ? (await readdir(path))
        .filter((name) => /\.(json|ya?ml)$/.test(name))
        .sort()
        .map((name) => join(path, name))
    : [path];
  if (names.length > maxFiles) throw new Error(`${path} holds ${names.length} files; the limit is ${maxFiles}`);
  const marks: string[] = [];
  let bytes = 0;
  for (const name of names) {
    const { ino, size, mtimeNs } = await stat(name, { bigint: true });
    bytes += Number(size);
    marks.push(`${name} ${ino} ${size} ${mtimeNs}`);
  }
  if (bytes > maxBytes) throw new Error(`${path} holds ${bytes} bytes; the limit is ${maxBytes}`);
  return { isFolder, names, signature: `files\n${marks.join('\n')}` };
}
