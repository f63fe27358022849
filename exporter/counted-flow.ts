// What metrics count of a flow, and how to see it in a draft: a flow that goes into the ring as bytes is never an object.

import { packFlowDetails } from '#flow/details.ts';
import {
  HAS_TCP_FLAGS,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  REPLY_TRUE,
  REPLY_UNSET,
} from '#observer/columns.ts';
import type { Flow, IP, Layer4 } from '#proto/gen/flow/flow.ts';
import { FlowDetails } from '#proto/gen/parallax/v1/flow_details.ts';
import type { FlowDraft } from './encode/flow-draft.ts';
import { PROTOCOL_ICMPV4, PROTOCOL_ICMPV6 } from './flow-parts.ts';
import { toTcpFlags } from './tcp-flags.ts';

type Counted =
  | 'l4'
  | 'l7'
  | 'verdict'
  | 'isReply'
  | 'eventType'
  | 'traceObservationPoint'
  | 'trafficDirection'
  | 'dropReasonDesc'
  | 'extensions';

/** A Flow is one. */
export interface CountedFlow extends Pick<Flow, Counted> {
  readonly IP: Pick<IP, 'ipVersion'> | undefined;
}

export function countedFlow(draft: FlowDraft): CountedFlow {
  const { columns, drop } = draft;
  return {
    l4: layer4Of(draft),
    l7: draft.layer7?.layer7,
    verdict: columns.verdict as Flow['verdict'],
    isReply: columns.isReply === REPLY_UNSET ? undefined : columns.isReply === REPLY_TRUE,
    eventType: { type: columns.eventType, subType: columns.eventSubType },
    traceObservationPoint: draft.tracePoint as Flow['traceObservationPoint'],
    trafficDirection: columns.direction as Flow['trafficDirection'],
    dropReasonDesc: columns.dropReason as Flow['dropReasonDesc'],
    IP: { ipVersion: columns.ipVersion as IP['ipVersion'] },
    extensions: drop === undefined ? undefined : packFlowDetails({ ...FlowDetails.create(), drop }),
  };
}

function layer4Of({ columns, icmpType, icmpCode }: FlowDraft): Layer4 | undefined {
  const { sourcePort, destinationPort, tcpFlags } = columns;
  switch (columns.protocol) {
    case PROTOCOL_TCP: {
      const flags = (tcpFlags & HAS_TCP_FLAGS) === 0 ? undefined : toTcpFlags(tcpFlags);
      return { protocol: { $case: 'TCP', value: { sourcePort, destinationPort, flags } } };
    }
    case PROTOCOL_UDP:
      return { protocol: { $case: 'UDP', value: { sourcePort, destinationPort } } };
    case PROTOCOL_SCTP:
      return { protocol: { $case: 'SCTP', value: { sourcePort, destinationPort } } };
    case PROTOCOL_ICMPV4:
      return { protocol: { $case: 'ICMPv4', value: { type: icmpType, code: icmpCode } } };
    case PROTOCOL_ICMPV6:
      return { protocol: { $case: 'ICMPv6', value: { type: icmpType, code: icmpCode } } };
    default:
      return undefined;
  }
}
