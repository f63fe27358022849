// Gives up all rights that capture does not use, by starting this process again under setpriv(1): a thread that lowers
// its own leaves those of the others, and Node has several before the first line of ours runs.

import { existsSync } from 'node:fs';
import { capabilities, effectiveCapabilities } from './kernel/capabilities.ts';

const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'];

/** Rights beyond those that capture uses, or undefined if there are none to give up. */
export function superfluousCapabilities(effective: bigint): bigint | undefined {
  const used = capabilities.reduce((sum, { bit }) => sum | (1n << BigInt(bit)), 0n);
  const superfluous = effective & ~used;
  return superfluous === 0n ? undefined : superfluous;
}

/** Arguments of setpriv that leave the rights capture uses and no way to gain others. */
export function setprivArguments(command: readonly string[]): string[] {
  const kept = ['-all', ...capabilities.map(({ name }) => `+${name.toLowerCase()}`)].join(',');
  return [`--bounding-set=${kept}`, `--inh-caps=${kept}`, '--no-new-privs', '--', ...command];
}

/** Does not return if there was something to give up. Throws where that is not possible. */
export function giveUpOtherRights(): void {
  if (superfluousCapabilities(effectiveCapabilities()) === undefined) return;
  const setpriv = SETPRIV.find((path) => existsSync(path));
  if (setpriv === undefined) {
    throw new Error(
      '--least-privilege needs setpriv (Debian, Ubuntu: apt install util-linux), or rights limited from outside',
    );
  }
  const command = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  process.execve?.(setpriv, [setpriv, ...setprivArguments(command)], process.env);
}
