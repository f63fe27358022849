// The access log files that a relay follows: which there are by their patterns, and what could not be read of them.

import { glob } from 'node:fs/promises';
import { AccessLogOrigin } from '#proto/gen/parallax/v1/access_log.ts';
import { Notice, Notice_Severity } from '#proto/gen/parallax/v1/dashboard.ts';
import type { AccessLogs } from '../access-logs.ts';
import { FollowedFile, type LineEvents } from './follow-file.ts';
import { entryOfFields } from './line-fields.ts';
import { type FileFormat, fileFormats, parseLine } from './parse-line.ts';

export interface LogFilePattern {
  /** A path, or a pattern with * and **. */
  readonly path: string;
  readonly format: FileFormat;
}

/** How often patterns are looked at for new files. */
const globEveryMs = 2000;
/** Open files. */
const maxFiles = 256;

/**
 * FILE or FILE:FORMAT.
 * @throws Error when nothing stands before the format
 */
export function parseLogFilePattern(value: string): LogFilePattern {
  const colon = value.lastIndexOf(':');
  const format = fileFormats.find((known) => known === value.slice(colon + 1));
  const path = colon < 0 || format === undefined ? value : value.slice(0, colon);
  if (path === '') throw new Error(`access log "${value}": give FILE or FILE:FORMAT (${fileFormats.join(', ')}).`);
  return { path, format: format ?? 'auto' };
}

export class LogFiles {
  readonly #patterns: readonly LogFilePattern[];
  readonly #logs: AccessLogs;
  readonly #nodeName: string;
  readonly #files = new Map<string, { readonly file: FollowedFile; readonly ended: Promise<void> }>();
  readonly #troubles = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(patterns: readonly LogFilePattern[], logs: AccessLogs, nodeName: string) {
    this.#patterns = patterns;
    this.#logs = logs;
    this.#nodeName = nodeName;
  }

  async start(): Promise<void> {
    if (this.#patterns.length === 0) return;
    for (const pattern of this.#patterns) await this.#look(pattern);
    // Stopped meanwhile: a timer set now would be nobody's.
    if (!this.#isStopped) this.#timer = setTimeout(() => void this.start(), globEveryMs);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    for (const { file } of this.#files.values()) file.stop();
    await Promise.all([...this.#files.values()].map(({ ended }) => ended));
  }

  notices(): Notice[] {
    return [...this.#troubles].map(([path, reason]) =>
      Notice.create({
        severity: Notice_Severity.WARNING,
        key: 'access-log-file',
        text: `The access log ${path} is not read: ${reason}.`,
        mend: 'It is tried again by itself.',
      }),
    );
  }

  /** Never rejects: a folder that cannot be read is told, and tried again. */
  async #look(pattern: LogFilePattern): Promise<void> {
    try {
      await this.#find(pattern);
    } catch (error) {
      this.#troubles.set(pattern.path, error instanceof Error ? error.message : String(error));
    }
  }

  async #find({ path, format }: LogFilePattern): Promise<void> {
    // A plain path is followed before it is there, so that whoever mistyped it is told.
    const found = /[*?[{]/.test(path) ? await matching(path) : [path];
    for (const one of found) {
      if (this.#files.has(one) || this.#isStopped) continue;
      if (this.#files.size >= maxFiles) {
        this.#troubles.set(path, `${maxFiles} files are followed, the most this relay takes`);
        return;
      }
      const file = new FollowedFile(one, this.#events(one, format));
      this.#files.set(one, { file, ended: file.run() });
    }
  }

  #events(path: string, format: FileFormat): LineEvents {
    const origins = new Map<string, AccessLogOrigin>();
    return {
      onLine: (line, bytes) => {
        const parsed = parseLine(line, format);
        if (parsed === undefined) {
          this.#logs.lose('line that cannot be read');
          return;
        }
        let origin = origins.get(parsed.format);
        if (origin === undefined) {
          const { proxy } = parsed;
          origin = AccessLogOrigin.create({ logName: path, nodeName: this.#nodeName, proxy, format: parsed.format });
          origins.set(parsed.format, origin);
        }
        const { flags } = parsed.fields;
        this.#logs.take({ entry: entryOfFields(parsed.fields), flags: flags ?? [], origin }, bytes);
      },
      onTooLong: () => this.#logs.lose('line too long'),
      onTrouble: (trouble) => {
        if (trouble === undefined) this.#troubles.delete(path);
        else this.#troubles.set(path, trouble);
      },
    };
  }
}

async function matching(pattern: string): Promise<string[]> {
  const found: string[] = [];
  for await (const path of glob(pattern)) found.push(path);
  return found.sort();
}
