// parallax.v1.FlowDetails in Flow.extensions: what we know of a flow and Hubble's Flow has no field for. Other clients
// see an Any they don't know and pass it on.

import type { Flow } from '#proto/gen/flow/flow.ts';
import type { Any } from '#proto/gen/google/protobuf/any.ts';
import { FlowDetails } from '#proto/gen/parallax/v1/flow_details.ts';

export const flowDetailsTypeUrl = 'type.googleapis.com/parallax.v1.FlowDetails';

/** Undefined where the flow has none, someone else's extension, or bytes that are no FlowDetails. */
export function readFlowDetails(flow: Pick<Flow, 'extensions'>): FlowDetails | undefined {
  if (flow.extensions === undefined || !isFlowDetailsUrl(flow.extensions.typeUrl)) return undefined;
  try {
    return FlowDetails.decode(flow.extensions.value);
  } catch {
    // Bytes from a peer: a flow is worth showing without its details.
    return undefined;
  }
}

/** What to set as Flow.extensions. */
export function packFlowDetails(details: FlowDetails): Any {
  return { typeUrl: flowDetailsTypeUrl, value: FlowDetails.encode(details).finish() };
}

/** The host of a type URL does not matter: the name behind the last slash does. */
function isFlowDetailsUrl(typeUrl: string): boolean {
  return typeUrl.slice(typeUrl.lastIndexOf('/') + 1) === 'parallax.v1.FlowDetails';
}
