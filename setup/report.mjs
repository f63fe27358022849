// How set-up speaks: one line a step, with the seconds it took, and a heartbeat while something runs for long.

export function say(text) {
  process.stdout.write(`${text}\n`);
}

/**
 * Runs `work` and says what it is doing. A step that lasts over a second is said again with its elapsed time every
 * five seconds, so that nobody has to guess whether it hangs.
 */
export async function step(title, work) {
  const begun = Date.now();
  say(`  ${title} ...`);
  const heartbeat = setInterval(() => say(`  ${title} ... ${seconds(begun)} s`), 5000);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    say(`  ${title}: ${seconds(begun)} s`);
  }
}

function seconds(since) {
  return ((Date.now() - since) / 1000).toFixed(1);
}
