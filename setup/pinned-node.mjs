// Runs a program on the pinned Node in the place of this process: same terminal, signals passed on, its exit code ours.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { findNode, noNodeText, root } from './root.mjs';

export function runOnPinnedNode(program, args) {
  const node = findNode();
  if (node === undefined) {
    process.stderr.write(`${noNodeText}\n`);
    process.exit(1);
  }
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', join(root, program), ...args], {
    stdio: 'inherit',
  });
  // A terminal sends Ctrl-C to the whole group, so the child has it already; kill sends SIGTERM to us alone.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('error', (error) => {
    process.stderr.write(`${node} could not be started: ${error.message}\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143);
  });
}
