// The flow ring of an exporter: what one node keeps, and how much memory that takes.

import { FlowRing } from '#observer/flow-ring.ts';

const DEFAULT_RING_BYTES = 64 * 1024 * 1024;

/**
 * A node talks to thousands of ends, not to a cluster's hundred thousands: 2 generations x 32,768 ids x (36 + 256) bytes =
 * 19 MB, and 1 MB so that a node may have a long name. With 64 MiB of flows in 131,072 slots of 116 bytes: 102 MB at most.
 */
const DICTIONARIES = { endpointIds: 32_768, endpointKeyBytes: 8 * 1024 * 1024, nodeIds: 1024 };

/** `capacityBytes`: memory for flows kept. */
export function nodeRing(capacityBytes = DEFAULT_RING_BYTES): FlowRing {
  return new FlowRing({ capacityBytes, ...DICTIONARIES });
}
