// The seam between two streams of one peer: what the second repeats of the first is dropped, and whether something
// may be missing between them is found out. Remembers the latest flows as (time, length) pairs, and matches them as a
// multiset: a peer repeats its ring flow by flow, so each remembered pair takes out one repetition.

/** Flows remembered: at 10,000 flows/s of one peer the last 0.8 s. 12 bytes each: 96 KB a peer. */
const remembered = 8192;

/** How far back the second stream starts before the last flow of the first, as flows come in a little unsorted. */
const overlapNs = 1e9;

/** A flow this much later than most around it says more of its maker than of the time: it does not move the seam. */
const implausibleNs = 3600e9;
/** The latest arrivals, by which that is judged. */
const judged = 101;

export class Seam {
  /** Repetitions dropped. */
  duplicates = 0;
  readonly #times = new Float64Array(remembered);
  readonly #lengths = new Uint32Array(remembered);
  #written = 0;
  /** Everything up to this time may have been forgotten here. */
  #forgottenNs = Number.NEGATIVE_INFINITY;
  #expected: Map<string, number> | undefined;
  #hasMatched = false;
  #resumedFromNs = Number.NEGATIVE_INFINITY;

  /** Time of the latest plausible flow; undefined before the first. */
  get latestNs(): number | undefined {
    if (this.#written === 0) return undefined;
    const arrived: number[] = [];
    for (let back = 1; back <= Math.min(judged, this.#written); back += 1)
      arrived.push(this.#times[(this.#written - back) % remembered] as number);
    arrived.sort((a, b) => a - b);
    const usual = arrived[Math.floor((arrived.length - 1) / 2)] as number;
    let latestNs = usual;
    for (let index = 0; index < Math.min(this.#written, remembered); index += 1) {
      const timeNs = this.#times[index] as number;
      if (timeNs > latestNs && timeNs <= usual + implausibleNs) latestNs = timeNs;
    }
    return latestNs;
  }

  /** Begins a second stream. @returns the time it is to start from, undefined when there was no first */
  resume(): number | undefined {
    const { latestNs } = this;
    if (latestNs === undefined) return undefined;
    const sinceNs = Math.max(latestNs - overlapNs, this.#forgottenNs + 1);
    this.#expected = new Map();
    this.#hasMatched = false;
    this.#resumedFromNs = latestNs;
    const count = Math.min(this.#written, remembered);
    for (let index = 0; index < count; index += 1) {
      const timeNs = this.#times[index] as number;
      if (timeNs < sinceNs) continue;
      const key = `${timeNs} ${this.#lengths[index]}`;
      this.#expected.set(key, (this.#expected.get(key) ?? 0) + 1);
    }
    return sinceNs;
  }

  /**
   * Takes note of a flow.
   * @returns 'duplicate' if the stream before had it; 'gap' for the first flow of a stream that does not reach back to
   *   where the one before ended, so that flows in between may be missing; else 'new'
   */
  note(timeNs: number, length: number): 'new' | 'duplicate' | 'gap' {
    const expected = this.#expected;
    let isGap = false;
    if (expected !== undefined) {
      const key = `${timeNs} ${length}`;
      const left = expected.get(key) ?? 0;
      if (left > 0) {
        expected.set(key, left - 1);
        this.#hasMatched = true;
        this.duplicates += 1;
        return 'duplicate';
      }
      if (timeNs > this.#resumedFromNs + overlapNs) {
        this.#expected = undefined;
        isGap = !this.#hasMatched;
      } else if (!this.#hasMatched && timeNs > this.#resumedFromNs) {
        this.#hasMatched = true;
        isGap = true;
      }
    }
    this.#remember(timeNs, length);
    return isGap ? 'gap' : 'new';
  }

  #remember(timeNs: number, length: number): void {
    const at = this.#written % remembered;
    const oldest = this.#times[at] as number;
    if (this.#written >= remembered && oldest <= timeNs + implausibleNs)
      this.#forgottenNs = Math.max(this.#forgottenNs, oldest);
    this.#times[at] = timeNs;
    this.#lengths[at] = length;
    this.#written += 1;
  }
}
