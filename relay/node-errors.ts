// Trouble of nodes on its way to followers. Nodes that fail together for one reason are told in one event, as Hubble's
// relay does, and the same trouble of one node is told once in a while.

/** Nodes that fail within this time of the first one are told with it. Hubble waits 10 s; a person should not. */
const defaultWindowMs = 1000;
/** The same trouble of one node is told once in this time. */
const repeatAfterMs = 10_000;

export interface NodeErrorsOptions {
  readonly nowMs: () => number;
  readonly tell: (names: readonly string[], message: string) => void;
  readonly windowMs?: number;
}

export class NodeErrors {
  readonly #options: NodeErrorsOptions;
  readonly #told = new Map<string, number>();
  #pending: { readonly message: string; readonly names: string[]; readonly timer: NodeJS.Timeout } | undefined;

  constructor(options: NodeErrorsOptions) {
    this.#options = options;
  }

  note(name: string, message: string): void {
    const nowMs = this.#options.nowMs();
    for (const [key, toldMs] of this.#told) if (nowMs - toldMs >= repeatAfterMs) this.#told.delete(key);
    const key = `${name} ${message}`;
    if (this.#told.has(key)) return;
    this.#told.set(key, nowMs);
    if (this.#pending?.message === message) {
      this.#pending.names.push(name);
      return;
    }
    this.flush();
    const timer = setTimeout(() => this.flush(), this.#options.windowMs ?? defaultWindowMs);
    this.#pending = { message, names: [name], timer };
  }

  /** Tells what waits at once. */
  flush(): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    clearTimeout(pending.timer);
    this.#pending = undefined;
    this.#options.tell(pending.names, pending.message);
  }
}
