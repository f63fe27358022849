// How the engine's garbage collector is set for a process that passes much through and keeps little.

import { setFlagsFromString } from 'node:v8';

/**
 * Every read of a socket makes a buffer outside of the heap. By default each 64 MB of them start a collection of the whole
 * heap, up to ten a second under load, a third of the relay's CPU time. With this they count towards the same limit as the
 * heap, which grows with what is in use, and the collections of young objects free them long before. For the process: call
 * it once, at its start.
 */
export function tuneCollector(): void {
  setFlagsFromString('--external-memory-accounted-in-global-limit');
}
