// Fetches an export into memory and counts it on the way, so that a long one can be watched and left.

export type ExportFormat = 'jsonl' | 'csv';

/** What a browser tab can hold beside the page itself; more is for curl. */
const MOST_EXPORT_BYTES = 256 * 1024 * 1024;

export interface ExportProgress {
  readonly records: number;
  readonly bytes: number;
}

export interface ExportOptions {
  /** Of /api/flows/export. */
  readonly query: string;
  readonly format: ExportFormat;
  readonly onProgress: (progress: ExportProgress) => void;
  readonly signal: AbortSignal;
}

/** Rejects with a sentence to show: what the server said, or what broke off. */
export async function exportFlows(options: ExportOptions): Promise<{ blob: Blob; records: number }> {
  const { query, format, onProgress, signal } = options;
  const response = await fetch(`/api/flows/export?${query}`, { signal });
  if (!response.ok || response.body === null) throw new Error((await response.text()).trim() || response.statusText);
  const counter = new RecordCounter(format);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    parts.push(value);
    bytes += value.length;
    counter.add(value);
    onProgress({ records: counter.records, bytes });
    if (bytes <= MOST_EXPORT_BYTES) continue;
    await reader.cancel();
    throw new Error('More than 256 MB: choose a shorter time or a narrower filter, or take it with curl.');
  }
  const type = response.headers.get('content-type') ?? '';
  return { blob: new Blob(parts, { type }), records: counter.records };
}

const NEWLINE = 10;
const QUOTE = 34;

/** Counts lines as they come in pieces. In CSV the head is none, nor is a line end between quotes. */
export class RecordCounter {
  readonly #isCsv: boolean;
  #isQuoted = false;
  #lines = 0;

  constructor(format: ExportFormat) {
    this.#isCsv = format === 'csv';
  }

  get records(): number {
    return this.#isCsv ? Math.max(0, this.#lines - 1) : this.#lines;
  }

  add(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (byte === QUOTE && this.#isCsv) this.#isQuoted = !this.#isQuoted;
      else if (byte === NEWLINE && !this.#isQuoted) this.#lines++;
    }
  }
}
