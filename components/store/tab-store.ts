// A tab's own copy of what the worker commits, shaped for useSyncExternalStore: one immutable snapshot, replaced at each
// commit. Rows are mirrored in a plain array so that scrolling and selecting never wait for the worker.

import { emptyMap } from './empty-map.ts';
import type { FlowRow } from './flow-row.ts';
import type { Commit, Connection, Counters, Held, Inspected, TabMessage, WatchKey, WorkerMessage } from './messages.ts';
import type { ServiceMapModel } from './service-map-model.ts';
import type { StatusModel } from './status-model.ts';
import type { TimelineSecond } from './timeline.ts';

export interface Snapshot {
  /** Another one means other rows: nothing that was held of the one before applies. */
  readonly sessionId: string;
  /** Oldest first, by seq without holes. Replaced, never written. */
  readonly rows: readonly FlowRow[];
  readonly map: ServiceMapModel;
  /** Undefined until the relay told. */
  readonly status: StatusModel | undefined;
  readonly timeline: readonly TimelineSecond[];
  readonly counters: Counters;
  readonly connection: Connection;
  /** False until the first map came. */
  readonly hasMap: boolean;
}

export const emptySnapshot: Snapshot = {
  sessionId: '',
  rows: [],
  map: emptyMap,
  status: undefined,
  timeline: [],
  counters: { flowsPerSecond: 0, matched: 0, skipped: 0, lost: 0, gap: undefined },
  connection: { state: 'connecting' },
  hasMap: false,
};

export class TabStore {
  readonly #send: (message: TabMessage) => void;
  readonly #listeners = new Set<() => void>();
  readonly #inspecting = new Map<number, (answer: Inspected) => void>();
  #snapshot = emptySnapshot;
  #key: WatchKey | undefined;
  #held: Held | undefined;

  constructor(send: (message: TabMessage) => void) {
    this.#send = send;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): Snapshot => this.#snapshot;

  watch(key: WatchKey): void {
    if (key !== this.#key) this.#held = undefined;
    this.#key = key;
    this.#send({ kind: 'watch', key, held: this.#held });
  }

  /** The tab is hidden: stop sending to it. `watch` with the same key goes on from here. */
  rest(): void {
    this.#send({ kind: 'rest' });
  }

  alive(): void {
    this.#send({ kind: 'alive' });
  }

  /** All that is known of a row's flow. */
  inspect(seq: number): Promise<Inspected> {
    return new Promise((resolve) => {
      this.#inspecting.set(seq, resolve);
      this.#send({ kind: 'inspect', seq });
    });
  }

  receive(message: WorkerMessage): void {
    if (message.kind === 'commit') this.#commit(message);
    else {
      this.#inspecting.get(message.seq)?.(message);
      this.#inspecting.delete(message.seq);
    }
  }

  #commit(commit: Commit): void {
    const before = this.#held?.sessionId === commit.sessionId ? this.#snapshot : emptySnapshot;
    this.#held = { sessionId: commit.sessionId, revision: commit.revision };
    this.#snapshot = {
      sessionId: commit.sessionId,
      rows: mergedRows(before.rows, commit.rows, commit.firstSeq),
      map: commit.map ?? before.map,
      status: commit.status ?? before.status ?? this.#snapshot.status,
      timeline: commit.timeline ?? before.timeline,
      counters: commit.counters,
      connection: commit.connection,
      hasMap: before.hasMap || (commit.map !== undefined && (commit.map.coveredMs > 0 || commit.map.vertices.size > 0)),
    };
    if (this.#snapshot.hasMap && !before.hasMap) performance.mark('map received');
    for (const listener of this.#listeners) listener();
  }
}

/** Puts new and completed rows into place; keeps the array itself where nothing changed. */
export function mergedRows(
  rows: readonly FlowRow[],
  changed: readonly FlowRow[],
  firstSeq: number,
): readonly FlowRow[] {
  if (changed.length === 0) return rows;
  const base = rows[0]?.seq ?? changed[0]?.seq ?? 0;
  const merged = rows.slice(Math.max(0, firstSeq - base));
  const start = merged[0]?.seq ?? changed[0]?.seq ?? 0;
  for (const row of changed) if (row.seq >= start) merged[row.seq - start] = row;
  return merged;
}
