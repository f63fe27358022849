// What is known of this machine's sockets, by cookie: owner, cgroup, health. Fed with socket records; asked when a flow is
// assembled. A closed socket stays until it is the oldest, since the last report of its connection comes after.

import type { SocketRecord } from './kernel/kernel-record.ts';

/** 65,536 sockets x about 300 bytes: 20 MB. */
const DEFAULT_MAX_SOCKETS = 65_536;

export class SocketTable {
  readonly #maxSockets: number;
  readonly #sockets = new Map<number, SocketRecord>();
  #evicted = 0;

  constructor(maxSockets = DEFAULT_MAX_SOCKETS) {
    this.#maxSockets = maxSockets;
  }

  get counters(): { readonly known: number; readonly evicted: number } {
    return { known: this.#sockets.size, evicted: this.#evicted };
  }

  note(record: SocketRecord): void {
    const before = this.#sockets.get(record.socketCookie);
    this.#sockets.delete(record.socketCookie);
    this.#sockets.set(record.socketCookie, before === undefined ? record : continued(before, record));
    if (this.#sockets.size <= this.#maxSockets) return;
    const [oldest] = this.#sockets.keys();
    if (oldest !== undefined) this.#sockets.delete(oldest);
    this.#evicted++;
  }

  /** Undefined for cookie 0 and for sockets opened before capture began. */
  byCookie(cookie: number): SocketRecord | undefined {
    return cookie === 0 ? undefined : this.#sockets.get(cookie);
  }
}

/** The time to connect is told once, when connected; the rest is newer in the later record. */
function continued(before: SocketRecord, record: SocketRecord): SocketRecord {
  const connectUs = record.health.connectUs || before.health.connectUs;
  return { ...record, health: { ...record.health, connectUs } };
}
