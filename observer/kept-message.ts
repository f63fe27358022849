// Messages of the ring as objects. What was taken in was read as far as its columns needed; what lies deeper a peer may
// have damaged, and is found out only here: such a message counts and says nothing.

import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';

let undecodable = 0;

/** Undefined for a message that is damaged inside. */
export function decodeKept(message: Uint8Array): GetFlowsResponse | undefined {
  try {
    return GetFlowsResponse.decode(message);
  } catch {
    undecodable += 1;
    return undefined;
  }
}

/** Times that a damaged message was met, since the start of the process. */
export function undecodableCount(): number {
  return undecodable;
}

/** More than a ring can lose at once is no count: what peers say is added up, and the sums have to fit the wire's 64 bits. */
const MAX_LOST = 2 ** 32;

/** Events that a LostEvent of this message counts; 0 for any other message. */
export function lostEventsOf(message: Uint8Array): number {
  const response = decodeKept(message)?.responseTypes;
  if (response?.$case !== 'lostEvents') return 0;
  const { numEventsLost } = response.value;
  return numEventsLost > MAX_LOST ? MAX_LOST : Number(numEventsLost);
}
