// Follows one growing file line by line, over rotation by renaming and by truncating. Looks at an interval: file events are
// not told for every file system that logs are kept on.

import { type FileHandle, open, stat } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

const lookEveryMs = 200;
/** Read at once. */
const chunkBytes = 256 * 1024;
/** Longest line; one that is longer is left out and counted. */
const maxLineBytes = 1024 * 1024;

export interface LineEvents {
  readonly onLine: (line: string, bytes: number) => void;
  readonly onTooLong: () => void;
  /** Told once each time it changes: why the file cannot be read; undefined when it can. */
  readonly onTrouble: (trouble: string | undefined) => void;
}

export class FollowedFile {
  readonly path: string;
  readonly #events: LineEvents;
  readonly #stopped = new AbortController();
  readonly #chunk = Buffer.allocUnsafe(chunkBytes);
  #file: FileHandle | undefined;
  #inode: bigint | undefined;
  #position = 0;
  #rest = Buffer.alloc(0);
  /** In the middle of a line that is too long. */
  #isSkipping = false;
  #trouble: string | undefined;
  #isFirst = true;

  constructor(path: string, events: LineEvents) {
    this.path = path;
    this.#events = events;
  }

  /** Until stop(); never rejects. */
  async run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        await this.look();
        this.#tell(undefined);
      } catch (error) {
        // It may come later, from its first line on.
        this.#isFirst = false;
        this.#tell(error instanceof Error ? error.message : String(error));
      }
      await pause(lookEveryMs, undefined, { signal }).catch(() => {});
    }
    await this.#file?.close().catch(() => {});
  }

  stop(): void {
    this.#stopped.abort();
  }

  /**
   * Reads what is new, and turns to the file that stands at the path now. What a file holds when it is first looked at is
   * passed over: those requests were counted when they were made.
   * @throws Error as node:fs says it when there is no such file
   */
  async look(): Promise<void> {
    await this.#readOn();
    const now = await stat(this.path, { bigint: true });
    if (!now.isFile()) throw new Error(`${this.path} is no regular file`);
    if (this.#file !== undefined && now.ino === this.#inode) {
      // Shorter than what was read: emptied and begun anew.
      if (Number(now.size) < this.#position) this.#begin(0);
    } else {
      // What was written between the last reading and the renaming is in the old one still.
      await this.#readOn();
      await this.#file?.close();
      this.#file = await open(this.path, 'r');
      this.#inode = now.ino;
      this.#begin(this.#isFirst ? Number(now.size) : 0);
    }
    this.#isFirst = false;
    await this.#readOn();
  }

  #begin(position: number): void {
    this.#position = position;
    this.#rest = Buffer.alloc(0);
    this.#isSkipping = false;
  }

  async #readOn(): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    while (!this.#stopped.signal.aborted) {
      const { bytesRead } = await file.read(this.#chunk, 0, chunkBytes, this.#position);
      if (bytesRead === 0) return;
      this.#position += bytesRead;
      this.#take(this.#chunk.subarray(0, bytesRead));
    }
  }

  #take(chunk: Buffer): void {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      this.#endLine(chunk.subarray(from, end));
      from = end + 1;
    }
    const left = chunk.subarray(from);
    if (this.#isSkipping) return;
    if (this.#rest.length + left.length > maxLineBytes) {
      this.#events.onTooLong();
      this.#isSkipping = true;
      this.#rest = Buffer.alloc(0);
    } else if (left.length > 0) this.#rest = Buffer.concat([this.#rest, left]);
  }

  #endLine(end: Buffer): void {
    if (this.#isSkipping) {
      this.#isSkipping = false;
      return;
    }
    const line = this.#rest.length === 0 ? end : Buffer.concat([this.#rest, end]);
    this.#rest = Buffer.alloc(0);
    if (line.length > maxLineBytes) this.#events.onTooLong();
    // Bytes that are no UTF-8 become replacement characters.
    else if (line.length > 0) this.#events.onLine(line.toString('utf8').trimEnd(), line.length);
  }

  #tell(trouble: string | undefined): void {
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    this.#events.onTrouble(trouble);
  }
}
