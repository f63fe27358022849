// What the relay says about itself and the nodes, as plain numbers for the views.

import { Notice_Severity, type Status } from '#proto/gen/parallax/v1/dashboard.ts';
import { NodeState } from '#proto/gen/relay/relay.ts';
import { unixMs } from './unix-ms.ts';

export interface NodeModel {
  readonly name: string;
  readonly address: string;
  readonly version: string;
  readonly state: 'connected' | 'unavailable' | 'gone' | 'error' | 'unknown';
  readonly uptimeMs: number;
  readonly flowsKept: number;
  readonly flowsSeen: number;
}

export interface HopModel {
  readonly hop: string;
  readonly node: string;
  readonly seen: number;
  readonly lost: number;
  readonly late: number;
  readonly losses: readonly { readonly kind: string; readonly count: number }[];
}

export interface NoticeModel {
  readonly severity: 'info' | 'warning' | 'error';
  readonly key: string;
  readonly text: string;
  readonly mend: string;
}

export interface StatusModel {
  readonly nodes: readonly NodeModel[];
  readonly hops: readonly HopModel[];
  readonly notices: readonly NoticeModel[];
  readonly flowsPerSecond: number;
  readonly newestFlowAgeMs: number;
  readonly ringFlows: number;
  readonly ringBytes: number;
  readonly ringCapacityBytes: number;
  /** Unix milliseconds; 0 where the ring is empty. */
  readonly oldestFlowMs: number;
  readonly version: string;
}

export function statusModel(status: Status): StatusModel {
  return {
    nodes: status.nodes.map((node) => ({
      name: node.name,
      address: node.address,
      version: node.version,
      state: nodeState(node.state),
      uptimeMs: Number(node.uptimeNs) / 1e6,
      flowsKept: Number(node.numFlows),
      flowsSeen: Number(node.seenFlows),
    })),
    hops: status.coverage.map(({ hop, nodeName, seen, lost, late, losses }) => ({
      hop,
      node: nodeName,
      seen: Number(seen),
      lost: Number(lost),
      late: Number(late),
      losses: losses.map(({ kind, count }) => ({ kind, count: Number(count) })),
    })),
    notices: status.notices.map(({ severity, key, text, mend }) => ({
      severity: noticeSeverity(severity),
      key,
      text,
      mend,
    })),
    flowsPerSecond: status.flowsPerSecond,
    newestFlowAgeMs: Number(status.newestFlowAgeMs),
    ringFlows: Number(status.ringFlows),
    ringBytes: Number(status.ringBytes),
    ringCapacityBytes: Number(status.ringCapacityBytes),
    oldestFlowMs: unixMs(status.oldestFlow),
    version: status.version,
  };
}

function nodeState(state: NodeState): NodeModel['state'] {
  switch (state) {
    case NodeState.NODE_CONNECTED:
      return 'connected';
    case NodeState.NODE_UNAVAILABLE:
      return 'unavailable';
    case NodeState.NODE_GONE:
      return 'gone';
    case NodeState.NODE_ERROR:
      return 'error';
    default:
      return 'unknown';
  }
}

function noticeSeverity(severity: Notice_Severity): NoticeModel['severity'] {
  if (severity === Notice_Severity.ERROR) return 'error';
  return severity === Notice_Severity.WARNING ? 'warning' : 'info';
}
