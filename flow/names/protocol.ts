// Protocols of a flow: layer 4 as in its header, layer 7 as recorded or as FlowDetails names it.

import type { Flow } from '#proto/gen/flow/flow.ts';
import { readFlowDetails } from '../details.ts';

/** 'TCP', 'UDP', 'ICMPv4', 'ICMPv6', 'SCTP', 'VRRP', 'IGMP', or '' where unknown. */
export function l4ProtocolName(flow: Pick<Flow, 'l4'>): string {
  return flow.l4?.protocol?.$case ?? '';
}

/** 'http', 'dns', 'kafka', or a name from FlowDetails ('redis', 'tls'); '' for a flow without layer 7. */
export function l7ProtocolName(flow: Pick<Flow, 'l7' | 'extensions'>): string {
  return flow.l7?.record?.$case ?? readFlowDetails(flow)?.operation?.protocol ?? '';
}
