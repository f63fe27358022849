// What is known of this machine's sockets, by cookie: owner, cgroup, health. Fed with socket records; asked when a flow is
// assembled. A closed socket stays for a while, since the last report of its connection comes after.

import type { SocketRecord } from './kernel/kernel-record.ts';
import { LifetimeMap } from './lifetime-map.ts';

/** 65,536 sockets x about 600 bytes: 40 MB, if so many are open at once. */
const DEFAULT_MAX_SOCKETS = 65_536;

export class SocketTable {
  readonly #sockets: LifetimeMap<number, SocketRecord>;

  constructor(maxSockets = DEFAULT_MAX_SOCKETS) {
    this.#sockets = new LifetimeMap(maxSockets);
  }

  get counters(): { readonly known: number; readonly evicted: number } {
    return this.#sockets.counters;
  }

  note(record: SocketRecord): void {
    const { socketCookie, event } = record;
    const before = this.#sockets.get(socketCookie);
    this.#sockets.set(socketCookie, before === undefined ? record : continued(before, record));
    if (event === 'closed' || event === 'connect_failed') this.#sockets.end(socketCookie, record.timeBootNs);
  }

  /** Undefined for cookie 0, and for sockets that the kernel has not told of. */
  byCookie(cookie: number): SocketRecord | undefined {
    return cookie === 0 ? undefined : this.#sockets.get(cookie);
  }

  /** Forgets sockets that closed a while ago. */
  sweep(bootNs: number): void {
    this.#sockets.sweep(bootNs);
  }
}

/** The time to connect is told once, when connected, and the program when its process ran; the rest is newer in the later record. */
function continued(before: SocketRecord, record: SocketRecord): SocketRecord {
  const connectUs = record.health.connectUs || before.health.connectUs;
  const executable = record.executable ?? (record.pid === before.pid ? before.executable : undefined);
  const health = { ...record.health, connectUs };
  return executable === undefined ? { ...record, health } : { ...record, executable, health };
}
