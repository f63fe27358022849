// Which rows of a busy stream to show: all while they keep within a rate, else an even sample. Pure.

export class RowSampler {
  readonly #perSecond: number;
  #allowance = 0;
  #atMs: number;

  /** @param perSecond rows a second; a burst of one second's worth is let through after a pause */
  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#allowance = perSecond;
    this.#atMs = nowMs;
  }

  /** Of `rows`, in their order, those to show now. */
  sample(rows: readonly number[], nowMs: number): readonly number[] {
    const earned = (Math.max(0, nowMs - this.#atMs) / 1000) * this.#perSecond;
    this.#allowance = Math.min(this.#perSecond, this.#allowance + earned);
    this.#atMs = nowMs;
    const take = Math.min(rows.length, Math.floor(this.#allowance));
    this.#allowance -= take;
    if (take === rows.length) return rows;
    return Array.from({ length: take }, (_, index) => rows[Math.floor((index * rows.length) / take)] as number);
  }
}
