// Runs a program on the pinned Node in the place of this process: same terminal, signals passed on, its exit code ours.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { findNode, noNodeText, root } from './root.mjs';

/** @param flags for Node itself */
export function runOnPinnedNode(program, args, flags = []) {
  const node = findNode();
  if (node === undefined) {
    process.stderr.write(`${noNodeText}\n`);
    process.exit(1);
  }
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', ...flags, join(root, program), ...args], {
    stdio: 'inherit',
    // Compiled code is kept between starts: it halves the time to the first flow.
    env: { NODE_COMPILE_CACHE: join(root, '.cache', 'compiled'), ...process.env },
  });
  // A terminal sends Ctrl-C to the whole group, so the child has it already; kill sends SIGTERM to us alone.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  endWithNpm(() => child.kill('SIGTERM'));
  child.on('error', (error) => {
    process.stderr.write(`${node} could not be started: ${error.message}\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143);
  });
}

/**
 * npm that is told to end does so without passing the signal to what it runs; what it leaves behind would go on for ever.
 * Under npm, a new parent means that npm is gone. A start by hand may outlive its terminal, so it is not watched.
 */
function endWithNpm(end) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const npm = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === npm) return;
    clearInterval(watch);
    end();
  }, 500);
  watch.unref();
}
