// The rows of one session, bounded. Hot fields lie in columns and the flow's own bytes beside them, so that 32,768 rows
// cost the collector a handful of long-lived objects each rather than trees. A response finds its request here and
// completes it in place; every change gets a revision, so a reader can ask for what changed since it last looked.

import type { FlowRow } from './flow-row.ts';
import type { RowDraft } from './row-from-flow.ts';

/** 32,768 rows of about 0.8 kB (600 B of flow, 200 B of row) = 26 MB; at 200 rows/s some 160 s of traffic. */
export const ROW_CAPACITY = 32_768;
/** Requests waiting for their response. Older ones stay rows without one. */
const OPEN_EXCHANGES = 4_096;

export interface RowChanges {
  /** Oldest first, by `seq`; rows that are new or were completed since the revision asked for. */
  readonly rows: readonly FlowRow[];
  /** First row that is still kept. */
  readonly firstSeq: number;
  readonly revision: number;
}

export class RowRing {
  readonly #capacity: number;
  readonly #rows: (FlowRow | undefined)[];
  readonly #bytes: (Uint8Array | undefined)[];
  readonly #revisions: Float64Array;
  readonly #open = new Map<string, number>();
  readonly #uuids = new Set<string>();
  #nextSeq = 0;
  #revision = 0;

  constructor(capacity = ROW_CAPACITY) {
    this.#capacity = capacity;
    this.#rows = new Array<FlowRow | undefined>(capacity);
    this.#bytes = new Array<Uint8Array | undefined>(capacity);
    this.#revisions = new Float64Array(capacity);
  }

  get firstSeq(): number {
    return Math.max(0, this.#nextSeq - this.#capacity);
  }

  get nextSeq(): number {
    return this.#nextSeq;
  }

  /** @returns the row as it now stands, or undefined for a flow that is already here (a stream resumed with history). */
  add(draft: RowDraft, bytes: Uint8Array): FlowRow | undefined {
    const { uuid } = draft.row;
    if (uuid !== '' && this.#uuids.has(uuid)) return undefined;
    const requestSeq = draft.half === 'response' ? this.#takeOpen(draft.exchangeKey) : undefined;
    if (requestSeq !== undefined) return this.#complete(requestSeq, draft, bytes);
    const seq = this.#nextSeq++;
    this.#forget(seq - this.#capacity);
    if (uuid !== '') this.#uuids.add(uuid);
    if (draft.half === 'request') this.#rememberOpen(draft.exchangeKey, seq);
    return this.#store({ seq, ...draft.row }, bytes);
  }

  row(seq: number): FlowRow | undefined {
    return seq < this.firstSeq ? undefined : this.#rows[seq % this.#capacity];
  }

  /** The encoded observer.GetFlowsResponse behind a row: the response where there was one, else the request. */
  bytesOf(seq: number): Uint8Array | undefined {
    return seq < this.firstSeq ? undefined : this.#bytes[seq % this.#capacity];
  }

  /** O(capacity): a scan of one numeric column. */
  changesSince(revision: number): RowChanges {
    const rows: FlowRow[] = [];
    for (let seq = this.firstSeq; seq < this.#nextSeq; seq++) {
      const slot = seq % this.#capacity;
      const row = this.#rows[slot];
      if (row !== undefined && (this.#revisions[slot] ?? 0) > revision) rows.push(row);
    }
    return { rows, firstSeq: this.firstSeq, revision: this.#revision };
  }

  #store(row: FlowRow, bytes: Uint8Array): FlowRow {
    const slot = row.seq % this.#capacity;
    this.#rows[slot] = row;
    this.#bytes[slot] = bytes.slice();
    this.#revisions[slot] = ++this.#revision;
    return row;
  }

  #complete(seq: number, response: RowDraft, bytes: Uint8Array): FlowRow | undefined {
    const request = this.row(seq);
    if (request === undefined) return undefined;
    const { row } = response;
    return this.#store(
      {
        ...request,
        // The answer knows more: that an HTTP/2 request was gRPC is often said by its content type alone.
        method: row.request === '' ? request.method : row.method,
        request: row.request || request.request,
        status: row.status,
        outcome: row.outcome,
        verdict: row.verdict === 'unknown' ? request.verdict : row.verdict,
        dropReason: row.dropReason || request.dropReason,
        latencyUs: row.latencyUs >= 0 ? row.latencyUs : (row.timeMs - request.timeMs) * 1000,
        bytes: sumKnown(request.bytes, row.bytes),
      },
      bytes,
    );
  }

  #takeOpen(key: string): number | undefined {
    const seq = this.#open.get(key);
    this.#open.delete(key);
    return seq !== undefined && seq >= this.firstSeq ? seq : undefined;
  }

  #rememberOpen(key: string, seq: number): void {
    this.#open.set(key, seq);
    if (this.#open.size <= OPEN_EXCHANGES) return;
    for (const oldest of this.#open.keys()) {
      this.#open.delete(oldest);
      return;
    }
  }

  #forget(seq: number): void {
    if (seq < 0) return;
    const row = this.#rows[seq % this.#capacity];
    if (row !== undefined) this.#uuids.delete(row.uuid);
  }
}

function sumKnown(first: number, second: number): number {
  if (first < 0) return second;
  return second < 0 ? first : first + second;
}
