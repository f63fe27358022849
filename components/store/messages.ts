// What a tab and the worker say to each other. Everything here survives structured clone.

import type { Flow } from '#proto/gen/flow/flow.ts';
import type { FlowDetails } from '#proto/gen/parallax/v1/flow_details.ts';
import type { FlowRow } from './flow-row.ts';
import type { ServiceMapModel } from './service-map-model.ts';
import type { StatusModel } from './status-model.ts';
import type { TimelineSecond } from './timeline.ts';

export type Connection =
  | { readonly state: 'connecting' }
  | { readonly state: 'live'; readonly relay: string }
  | { readonly state: 'reconnecting'; readonly reason: string; readonly attempt: number; readonly retryAtMs: number }
  | { readonly state: 'refused'; readonly reason: string };

export interface Counters {
  /** Flows a second that match the filter, over the last seconds. */
  readonly flowsPerSecond: number;
  readonly matched: number;
  /** Matched, but left out of the table to keep its rate. */
  readonly skipped: number;
  /** Lost before they could be matched. */
  readonly lost: number;
  /** Time for which this page has no flows, because it was cut off longer than the relay remembers. */
  readonly gap: { readonly fromMs: number; readonly toMs: number } | undefined;
}

/** Query of /api/watch, without the leading "?"; tabs with the same one share a connection. */
export type WatchKey = string;

export type TabMessage =
  | { readonly kind: 'watch'; readonly key: WatchKey; readonly held: Held | undefined }
  | { readonly kind: 'rest' }
  | { readonly kind: 'alive' }
  | { readonly kind: 'inspect'; readonly seq: number };

/** What a tab still has from before, so that only the difference is sent. */
export interface Held {
  readonly sessionId: string;
  readonly revision: number;
}

export type WorkerMessage = Commit | Inspected;

export interface Commit {
  readonly kind: 'commit';
  readonly sessionId: string;
  readonly revision: number;
  readonly firstSeq: number;
  readonly rows: readonly FlowRow[];
  readonly counters: Counters;
  readonly connection: Connection;
  /** Absent where unchanged since the last commit to this tab. */
  readonly map?: ServiceMapModel;
  readonly status?: StatusModel;
  readonly timeline?: readonly TimelineSecond[];
}

export interface Inspected {
  readonly kind: 'inspected';
  readonly seq: number;
  /** Undefined where the row has left the ring. */
  readonly flow: Flow | undefined;
  readonly details: FlowDetails | undefined;
  readonly json: string;
}
