// Lost events: data we do not have, told in the stream where it is missing.

import { type LostEvent, lostEventSourceToJSON } from '#proto/gen/flow/flow.ts';

export function lostSourceText(lost: LostEvent): string {
  return lostEventSourceToJSON(lost.source);
}

/** "CPU(0) - 17": the summary of a lost event in a block or a table. */
export function lostEventsCell(lost: LostEvent): string {
  return `CPU(${lost.cpu ?? 0}) - ${lost.numEventsLost}`;
}

/** Without the newline. */
export function formatLostEvents(lost: LostEvent): string {
  return `EVENTS LOST: ${lostSourceText(lost)} CPU(${lost.cpu ?? 0}) ${lost.numEventsLost}`;
}
