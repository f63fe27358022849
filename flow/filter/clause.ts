// A clause is one field of a FlowFilter, built. It says what it looks at, so that a store of columns can test a
// clause once per distinct endpoint, address or name list instead of once per flow.

import type { Endpoint, Flow, FlowFilter, Service } from '#proto/gen/flow/flow.ts';

export type Side = 'source' | 'destination';

/** `test` answers for the named part of a flow alone; the same part always gets the same answer. */
export type Clause =
  /** pod, label, workload, identity, cluster: `Flow.source` or `Flow.destination`, undefined where absent. */
  | { on: 'endpoint'; side: Side; field: keyof FlowFilter; test: (endpoint: Endpoint | undefined) => boolean }
  /** `IP.source` or `IP.destination`; '' where the flow has no IP. */
  | { on: 'address'; side: Side; field: keyof FlowFilter; test: (address: string) => boolean }
  /** `source_names` or `destination_names`. */
  | { on: 'names'; side: Side; field: keyof FlowFilter; test: (names: readonly string[]) => boolean }
  /** `source_service` or `destination_service`. */
  | { on: 'service'; side: Side; field: keyof FlowFilter; test: (service: Service | undefined) => boolean }
  /** Port of TCP, UDP or SCTP as the wire carries it (32 bits); undefined for other protocols. */
  | { on: 'port'; side: Side; field: keyof FlowFilter; test: (port: number | undefined) => boolean }
  /** `Flow.verdict`. */
  | { on: 'verdict'; field: keyof FlowFilter; test: (verdict: number) => boolean }
  /** `Flow.node_name`. */
  | { on: 'nodeName'; field: keyof FlowFilter; test: (nodeName: string) => boolean }
  /** `Flow.node_labels`. */
  | { on: 'nodeLabels'; field: keyof FlowFilter; test: (labels: readonly string[]) => boolean }
  /** Anything else: needs the whole flow. */
  | { on: 'flow'; field: keyof FlowFilter; test: (flow: Flow) => boolean };

/** The port a clause on 'port' is given, for one side of a flow. */
export function portOf(flow: Flow, side: Side): number | undefined {
  const protocol = flow.l4?.protocol;
  switch (protocol?.$case) {
    case 'TCP':
    case 'UDP':
    case 'SCTP':
      return side === 'source' ? protocol.value.sourcePort : protocol.value.destinationPort;
    default:
      return undefined;
  }
}

/** Applies a clause to a whole flow. */
export function clauseMatches(clause: Clause, flow: Flow): boolean {
  switch (clause.on) {
    case 'endpoint':
      return clause.test(flow[clause.side]);
    case 'address':
      return clause.test(flow.IP?.[clause.side] ?? '');
    case 'names':
      return clause.test(clause.side === 'source' ? flow.sourceNames : flow.destinationNames);
    case 'service':
      return clause.test(clause.side === 'source' ? flow.sourceService : flow.destinationService);
    case 'port':
      return clause.test(portOf(flow, clause.side));
    case 'verdict':
      return clause.test(flow.verdict);
    case 'nodeName':
      return clause.test(flow.nodeName);
    case 'nodeLabels':
      return clause.test(flow.nodeLabels);
    case 'flow':
      return clause.test(flow);
  }
}
