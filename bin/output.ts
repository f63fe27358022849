// Standard output at the reader's pace: nothing piles up in memory, and a reader that has seen enough (head) ends us quietly.

/** Resolves when there is room for more, or when nobody reads any longer. */
export async function writeOut(text: string): Promise<void> {
  if (process.stdout.write(text)) return;
  await new Promise<void>((resolve) => {
    const go = (): void => {
      for (const event of ['drain', 'error', 'close'] as const) process.stdout.off(event, go);
      resolve();
    };
    for (const event of ['drain', 'error', 'close'] as const) process.stdout.once(event, go);
  });
}

/** A broken pipe is the reader's right, not our error. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
});
