// What V8 is told for each of our long-running processes, which can only be told at the start. Plain JavaScript: see
// parallax.mjs. The images' Dockerfile says the same.

/**
 * What passes through is garbage at once: a small young generation saves some 100 MB. An exporter's old generation is
 * small, so collecting it when it has grown by a third, not when it has doubled, costs little and saves another 100 MB.
 */
const FLAGS = {
  relay: ['--max-semi-space-size=4'],
  exporter: ['--max-semi-space-size=4', '--heap-growing-percent=30'],
};

/** @param {string | undefined} command of `parallax` */
export function nodeFlags(command) {
  return Object.entries(FLAGS).find(([name]) => name === command)?.[1] ?? [];
}
