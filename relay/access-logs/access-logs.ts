// The way in of access logs: entries from streams and files become records in their ring, and flows in the relay's. Owns
// the counters of this hop. Nothing here awaits.

import type { Timestamp } from '#proto/gen/google/protobuf/timestamp.ts';
import { HopCoverage } from '#proto/gen/parallax/v1/dashboard.ts';
import { AccessLogRing } from './access-log-ring.ts';
import { type EndpointAt, makeRecord, type RecordSource } from './make-record.ts';
import { flowsOf, type TimedFlow } from './record-flows.ts';

/** Why an entry, or what came in place of one, gave no record. */
export type LossKind =
  | 'message that cannot be read'
  | 'message without entries'
  | 'entry that cannot be told as flows'
  | 'line that cannot be read'
  | 'line too long';

export interface AccessLogsOptions {
  readonly endpointAt: EndpointAt;
  /** Takes one serialised GetFlowsResponse into the relay's ring, whatever its time. */
  readonly admit: (message: Uint8Array, time: Timestamp) => void;
  readonly now: () => Timestamp;
  readonly ring?: AccessLogRing;
}

export class AccessLogs {
  readonly ring: AccessLogRing;
  readonly #endpointAt: EndpointAt;
  readonly #admit: AccessLogsOptions['admit'];
  readonly #now: AccessLogsOptions['now'];
  readonly losses = new Map<LossKind, number>();
  /** Entries and what came in place of them. */
  seen = 0;
  /** Records about requests or connections that went on. */
  intermediate = 0;
  /** Records in which something was cut. */
  truncated = 0;

  constructor({ endpointAt, admit, now, ring = new AccessLogRing() }: AccessLogsOptions) {
    this.ring = ring;
    this.#endpointAt = endpointAt;
    this.#admit = admit;
    this.#now = now;
  }

  /** True once anything came: until then no proxy sends its log here. */
  get isInUse(): boolean {
    return this.seen > 0;
  }

  /** @param bytes size of the entry on the wire or of its line */
  take(source: Omit<RecordSource, 'received'>, bytes: number): void {
    this.seen += 1;
    const record = makeRecord({ ...source, received: this.#now() }, this.#endpointAt);
    if (record.intermediate) this.intermediate += 1;
    if (record.truncated.length > 0) this.truncated += 1;
    this.ring.append(record, bytes);
    let flows: readonly TimedFlow[] = [];
    try {
      flows = flowsOf(record, this.#endpointAt);
    } catch {
      // A value that protobuf cannot write, in spite of the bounds: the record is kept, and the relay goes on.
      this.#count('entry that cannot be told as flows');
    }
    for (const { message, time } of flows) this.#admit(message, time);
  }

  lose(kind: LossKind): void {
    this.seen += 1;
    this.#count(kind);
  }

  /** Nothing while no proxy sends its log here. */
  coverage(): HopCoverage[] {
    if (!this.isInUse) return [];
    const losses = [...this.losses].map(([kind, count]) => ({ kind, count: BigInt(count) }));
    const lost = losses.reduce((sum, { count }) => sum + count, 0n);
    return [HopCoverage.fromPartial({ hop: 'access logs', seen: BigInt(this.seen), lost, losses })];
  }

  #count(kind: LossKind): void {
    this.losses.set(kind, (this.losses.get(kind) ?? 0) + 1);
  }
}
