// sendBurst: an exact number of requests on one edge, for tests that compare what the map says with what was sent.
import { askControl, type BurstRequest } from './control.ts';
import type { BurstOutcome } from './pod/messages.ts';
import { defaultDirectory, files } from './state.ts';

export interface BurstOptions extends BurstRequest {
  readonly directory?: string;
}

/** Sends the edge's first call `requests` times over its service's name. truth.json has the sums within a second. */
export function sendBurst({ directory = defaultDirectory, ...request }: BurstOptions): Promise<BurstOutcome> {
  return askControl(files.control(directory), request);
}
