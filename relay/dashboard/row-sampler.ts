// Which rows of a busy stream to show: all while they keep within a rate, else a sample that keeps exchanges readable.
// An answer tells its request too, so beyond the rate unanswered requests go first, and the answer to a request that was
// shown comes before everything. Pure but for its own allowance and memory.

export interface RowEnds {
  /** Half of an exchange that the row is; `whole` where it is none. */
  half(row: number): 'request' | 'response' | 'whole';
  /** The same number for both directions of one connection. */
  connection(row: number): number;
}

/** Connections with a request shown and no answer yet; as many requests as a page keeps waiting. The oldest is forgotten. */
const maxOwed = 4096;

export class RowSampler {
  readonly #perSecond: number;
  readonly #ends: RowEnds;
  /** Answers owed, by connection: requests that were shown and not answered yet. */
  readonly #owed = new Map<number, number>();
  #allowance = 0;
  #atMs: number;

  /** @param perSecond rows a second; a burst of one second's worth is let through after a pause */
  constructor(perSecond: number, nowMs: number, ends: RowEnds) {
    this.#perSecond = perSecond;
    this.#allowance = perSecond;
    this.#atMs = nowMs;
    this.#ends = ends;
  }

  /** Of `rows`, which come in order of time, those to show now; in no particular order. */
  sample(rows: readonly number[], nowMs: number): readonly number[] {
    const earned = (Math.max(0, nowMs - this.#atMs) / 1000) * this.#perSecond;
    this.#allowance = Math.min(this.#perSecond, this.#allowance + earned);
    this.#atMs = nowMs;
    const take = Math.min(rows.length, Math.floor(this.#allowance));
    this.#allowance -= take;
    const shown = take === rows.length ? rows : this.#preferred(rows, take);
    this.#remember(shown);
    return shown;
  }

  #preferred(rows: readonly number[], take: number): readonly number[] {
    const answers: number[] = [];
    const others: number[] = [];
    const requests: number[] = [];
    const owed = new Map<number, number>();
    for (const row of rows) {
      const half = this.#ends.half(row);
      if (half === 'request') requests.push(row);
      else if (half === 'response' && this.#isOwed(row, owed)) answers.push(row);
      else others.push(row);
    }
    const first = spread(answers, take);
    const second = spread(others, take - first.length);
    return [...first, ...second, ...spread(requests, take - first.length - second.length)];
  }

  /** @param taken answers of this round so far, by connection */
  #isOwed(row: number, taken: Map<number, number>): boolean {
    const connection = this.#ends.connection(row);
    const before = taken.get(connection) ?? 0;
    taken.set(connection, before + 1);
    return before < (this.#owed.get(connection) ?? 0);
  }

  #remember(shown: readonly number[]): void {
    for (const row of shown) {
      const half = this.#ends.half(row);
      if (half === 'whole') continue;
      const connection = this.#ends.connection(row);
      const count = (this.#owed.get(connection) ?? 0) + (half === 'request' ? 1 : -1);
      if (count > 0) this.#owed.set(connection, count);
      else this.#owed.delete(connection);
      if (this.#owed.size > maxOwed) this.#forgetOldest();
    }
  }

  #forgetOldest(): void {
    for (const oldest of this.#owed.keys()) {
      this.#owed.delete(oldest);
      return;
    }
  }
}

/** Evenly chosen, in order; all where there is room. */
function spread(rows: readonly number[], most: number): readonly number[] {
  if (rows.length <= most) return rows;
  return Array.from(
    { length: Math.max(0, most) },
    (_, index) => rows[Math.floor((index * rows.length) / most)] as number,
  );
}
