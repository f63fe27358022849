// Seeded chance (mulberry32): the same pod draws the same course of traffic at every start.

/** A source of numbers in [0, 1). */
export type Chance = () => number;

export function seededChance(seed: number): Chance {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of `items` by its weight. Throws when there is none. */
export function pick<T extends { readonly weight: number }>(items: readonly T[], chance: Chance): T {
  let left = chance() * items.reduce((sum, item) => sum + item.weight, 0);
  for (const item of items) {
    left -= item.weight;
    if (left < 0) return item;
  }
  const last = items.at(-1);
  if (!last) throw new Error('nothing to pick from');
  return last;
}

/** Waiting time to the next event of a Poisson stream, in milliseconds, at most ten times the mean. */
export function exponentialGapMs(perSecond: number, chance: Chance): number {
  return Math.min(-Math.log(1 - chance()), 10) * (1000 / perSecond);
}
