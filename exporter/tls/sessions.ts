// Which TCP connection a TLS library's connection goes over, by what its pieces say, and patience where they do not say
// yet. A join is told or not told, never guessed: what contradicts itself is unjoined from then on. Pure: time is what
// pieces and sweeps say.

import type { JoinedSocket, TlsPiece } from './tls-piece.ts';

/** As many as the kernel half remembers, at about 300 bytes: 5 MB. */
const MAX_SESSIONS = 16_384;
/** A client's first request waits for its answer's first byte where only reads tell the socket. */
const HOLD_NS = 5e9;
const HOLD_SESSION_BYTES = 64 * 1024;
const HOLD_BYTES = 4 * 1024 * 1024;

export type TlsJoin = 'socket' | 'order' | 'unjoined';

/** One conversation over a library's connection. */
export interface TlsSession {
  /** Unlike the library's own address never used again. */
  readonly number: number;
  readonly pid: number;
  readonly join: TlsJoin;
  /** Undefined where it is unjoined. */
  readonly socket: JoinedSocket | undefined;
}

export type SessionEvent =
  | { readonly kind: 'piece'; readonly session: TlsSession; readonly piece: TlsPiece }
  | { readonly kind: 'ended'; readonly session: TlsSession };

interface Session {
  readonly key: string;
  readonly pid: number;
  number: number;
  join: TlsJoin | undefined;
  socket: JoinedSocket | undefined;
  /** Two sockets were named for it, or two connections for its socket. */
  isDisputed: boolean;
  held: TlsPiece[];
  heldBytes: number;
}

export class TlsSessions {
  /** Least recent first. */
  readonly #sessions = new Map<string, Session>();
  /** Those joined by order, by their socket's cookie: a second one disputes the first. */
  readonly #byCookie = new Map<number, Session>();
  readonly #counters = { joined: 0, ordered: 0, unjoined: 0, disputed: 0, hold_full: 0, evicted: 0 };
  #numbers = 0;
  #heldBytes = 0;

  /** Sessions by how they were joined first; `hold_full`: pieces told unjoined since too many were waiting. */
  get counters(): Readonly<Record<'joined' | 'ordered' | 'unjoined' | 'disputed' | 'hold_full' | 'evicted', number>> {
    return this.#counters;
  }

  take(piece: TlsPiece): SessionEvent[] {
    const key = `${piece.pid}/${piece.connection}`;
    if (piece.kind === 'freed') return this.#end(this.#sessions.get(key));
    const known = this.#sessions.get(key) ?? this.#begin(key, piece.pid);
    const events: SessionEvent[] = [];
    if (piece.socket?.join === 'inside') this.#joinInside(known, piece.socket, events);
    else if (piece.socket !== undefined) this.#joinByOrder(known, piece.socket);
    if (known.join !== undefined || !this.#hold(known, piece)) {
      this.#release(known, events);
      events.push({ kind: 'piece', session: sessionOf(known), piece });
    }
    this.#sessions.delete(key);
    this.#sessions.set(key, known);
    events.push(...this.#evict());
    return events;
  }

  /** What has waited too long is told unjoined. Call it once a second with the boot clock. */
  sweep(bootNs: number): SessionEvent[] {
    const events: SessionEvent[] = [];
    for (const session of this.#sessions.values()) {
      const [first] = session.held;
      if (first !== undefined && first.timeBootNs < bootNs - HOLD_NS) this.#release(session, events);
    }
    return events;
  }

  /** The process is gone, or no longer watched. */
  endProcess(pid: number): SessionEvent[] {
    return [...this.#sessions.values()].flatMap((session) => (session.pid === pid ? this.#end(session) : []));
  }

  #begin(key: string, pid: number): Session {
    const session: Session = {
      key,
      pid,
      number: ++this.#numbers,
      join: undefined,
      socket: undefined,
      isDisputed: false,
      held: [],
      heldBytes: 0,
    };
    this.#sessions.set(key, session);
    return session;
  }

  /** The library itself has read from it: nothing can be more certain. Another socket is another conversation. */
  #joinInside(session: Session, socket: JoinedSocket, events: SessionEvent[]): void {
    if (session.join === 'socket' && session.socket?.cookie === socket.cookie) return;
    if (session.join === 'socket') {
      events.push({ kind: 'ended', session: sessionOf(session) });
      session.number = ++this.#numbers;
    } else if (session.join === undefined) this.#counters.joined++;
    session.join = 'socket';
    session.socket = socket;
  }

  #joinByOrder(session: Session, socket: JoinedSocket): void {
    if (session.isDisputed || session.socket?.cookie === socket.cookie) return;
    const other = this.#byCookie.get(socket.cookie);
    if (session.socket !== undefined || other !== undefined) {
      this.#dispute(session);
      if (other !== undefined) this.#dispute(other);
      return;
    }
    if (session.join === undefined) this.#counters.ordered++;
    session.join = 'order';
    session.socket = socket;
    this.#byCookie.set(socket.cookie, session);
  }

  #dispute(session: Session): void {
    this.#forgetCookie(session);
    this.#counters.disputed++;
    session.isDisputed = true;
    session.join = 'unjoined';
    session.socket = undefined;
  }

  /** Returns whether there was room. */
  #hold(session: Session, piece: TlsPiece): boolean {
    const bytes = piece.data.length;
    if (session.heldBytes + bytes > HOLD_SESSION_BYTES || this.#heldBytes + bytes > HOLD_BYTES) {
      this.#counters.hold_full++;
      return false;
    }
    session.held.push(piece);
    session.heldBytes += bytes;
    this.#heldBytes += bytes;
    return true;
  }

  /** What was held goes out, with the join that is known by now. */
  #release(session: Session, events: SessionEvent[]): void {
    if (session.join === undefined) {
      session.join = 'unjoined';
      this.#counters.unjoined++;
    }
    for (const piece of session.held) events.push({ kind: 'piece', session: sessionOf(session), piece });
    this.#heldBytes -= session.heldBytes;
    session.held = [];
    session.heldBytes = 0;
  }

  #end(session: Session | undefined): SessionEvent[] {
    if (session === undefined) return [];
    const events: SessionEvent[] = [];
    if (session.held.length > 0) this.#release(session, events);
    this.#sessions.delete(session.key);
    this.#forgetCookie(session);
    events.push({ kind: 'ended', session: sessionOf(session) });
    return events;
  }

  #evict(): SessionEvent[] {
    if (this.#sessions.size <= MAX_SESSIONS) return [];
    this.#counters.evicted++;
    const [oldest] = this.#sessions.values();
    return this.#end(oldest);
  }

  #forgetCookie({ socket, join }: Session): void {
    if (join === 'order' && socket !== undefined) this.#byCookie.delete(socket.cookie);
  }
}

function sessionOf({ number, pid, join, socket }: Session): TlsSession {
  return { number, pid, join: join ?? 'unjoined', socket };
}
