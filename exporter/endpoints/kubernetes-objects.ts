// Kubernetes objects from a file or a directory of files (JSON or YAML; single objects, several documents, v1 Lists), kept
// up to date as the files change. What the API server would say, for hosts and demos that have none.
import { type FSWatcher, watch } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';
import { isPolicy, type KubernetesObject, parseKubernetesObject } from '#kubernetes/kubernetes-object.ts';
import type { PodIndex } from '#kubernetes/pod-index.ts';

/** 100,000 pods of 600 bytes; a file beyond is refused. */
const MAX_BYTES = 64 * 1024 * 1024;
const DEBOUNCE_MS = 50;
/** Looks again without being told: for a path whose directory does not exist yet and for file systems without events. */
const DEFAULT_RECHECK_MS = 2000;

export interface KubernetesObjectsOptions {
  /** A file, or a directory whose *.json, *.yaml and *.yml files are read; need not exist yet. */
  readonly path: string;
  readonly index: PodIndex;
  /** Told in words when the content cannot be used; the last good set stays. */
  onError(message: string): void;
  onLoad?(objects: number): void;
  readonly nowUnixMs?: () => number;
  /** How often to look without being told of a change. Default 2000. */
  readonly recheckMs?: number;
}

/** Objects of the text of one file. Throws an Error in words. */
export function parseKubernetesText(text: string, fileName: string): KubernetesObject[] {
  const objects: KubernetesObject[] = [];
  const values = fileName.endsWith('.json') ? [parseJson(text, fileName)] : parseYaml(text, fileName);
  for (const [i, value] of values.entries()) {
    if (value === null || value === undefined) continue;
    try {
      objects.push(...flatten(value));
    } catch (error) {
      throw new Error(`${fileName}, document ${i + 1}: ${messageOf(error)}`, { cause: error });
    }
  }
  return objects;
}

export class KubernetesObjects {
  private readonly options: KubernetesObjectsOptions;
  private watcher: FSWatcher | undefined;
  private debounce: NodeJS.Timeout | undefined;
  private recheck: NodeJS.Timeout | undefined;
  private reading: Promise<void> | undefined;
  private loaded = '';
  private reported = '';
  private loads = 0;
  private errors = 0;

  constructor(options: KubernetesObjectsOptions) {
    this.options = options;
  }

  /** Reads once and goes on watching until `stop`. A path that does not exist is no error: it is waited for. */
  async start(): Promise<void> {
    this.recheck = setInterval(() => void this.refresh(), this.options.recheckMs ?? DEFAULT_RECHECK_MS).unref();
    await this.refresh();
  }

  stop(): void {
    this.watcher?.close();
    this.watcher = undefined;
    clearInterval(this.recheck);
    clearTimeout(this.debounce);
    this.recheck = undefined;
  }

  counters(): { readonly loads: number; readonly errors: number } {
    return { loads: this.loads, errors: this.errors };
  }

  /** Reads if anything changed since the last reading; one reading at a time. */
  refresh(): Promise<void> {
    this.reading ??= this.read().finally(() => {
      this.reading = undefined;
    });
    return this.reading;
  }

  private async read(): Promise<void> {
    try {
      const files = await filesOf(this.options.path);
      if (files === undefined) {
        if (this.loaded !== '') this.report(`${this.options.path} is gone; the objects read from it last are kept`);
        return;
      }
      this.watch(files.isDirectory ? this.options.path : path.dirname(this.options.path));
      if (files.signature === this.loaded) return;
      const objects: KubernetesObject[] = [];
      for (const file of files.names) objects.push(...parseKubernetesText(await readFile(file, 'utf8'), file));
      this.loaded = files.signature;
      this.reported = '';
      this.loads++;
      this.options.index.replaceAll(objects, this.options.nowUnixMs?.() ?? Date.now());
      this.options.onLoad?.(objects.length);
    } catch (error) {
      this.report(`cannot use ${this.options.path}: ${messageOf(error)}; the objects read from it last are kept`);
    }
  }

  /** Once per message, however often it is found again. */
  private report(message: string): void {
    if (message === this.reported) return;
    this.reported = message;
    this.errors++;
    this.options.onError(message);
  }

  /** The directory, not the file: a file replaced by rename is another file. */
  private watch(directory: string): void {
    if (this.watcher || !this.recheck) return;
    this.watcher = watch(directory, { persistent: false }, () => {
      clearTimeout(this.debounce);
      this.debounce = setTimeout(() => void this.refresh(), DEBOUNCE_MS);
    });
    this.watcher.on('error', () => {
      this.watcher?.close();
      this.watcher = undefined;
    });
  }
}

interface Files {
  readonly isDirectory: boolean;
  readonly names: readonly string[];
  /** Changes when any file does. */
  readonly signature: string;
}

async function filesOf(target: string): Promise<Files | undefined> {
  const found = await stat(target).catch(ifMissing);
  if (!found) return undefined;
  const isDirectory = found.isDirectory();
  const names = isDirectory
    ? (await readdir(target))
        .filter((name) => /\.(json|ya?ml)$/.test(name))
        .sort()
        .map((name) => path.join(target, name))
    : [target];
  const marks: string[] = [];
  let bytes = 0;
  for (const name of names) {
    const file = await stat(name, { bigint: true }).catch(ifMissing);
    if (!file) continue;
    bytes += Number(file.size);
    marks.push(`${name} ${file.ino} ${file.size} ${file.mtimeNs}`);
  }
  if (bytes > MAX_BYTES) throw new Error(`it has ${bytes} bytes, more than the ${MAX_BYTES} that are read`);
  return { isDirectory, names, signature: marks.join('\n') || 'empty' };
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
  return undefined;
}

function parseJson(text: string, fileName: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${fileName} is not JSON: ${messageOf(error)}`, { cause: error });
  }
}

function parseYaml(text: string, fileName: string): unknown[] {
  return parseAllDocuments(text).map((document) => {
    const [error] = document.errors;
    if (error) throw new Error(`${fileName} is not YAML: ${error.message.split('\n', 1)[0]}`, { cause: error });
    return document.toJS({ maxAliasCount: 100 });
  });
}

function flatten(value: unknown): KubernetesObject[] {
  const isList = typeof value === 'object' && value !== null && 'items' in value && Array.isArray(value.items);
  if (isList) return (value as { items: unknown[] }).items.flatMap(flatten);
  const object = parseKubernetesObject(value);
  return object === undefined || isPolicy(object) ? [] : [object];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
