// Node status events: which nodes the stream has, lost or failed to reach.

import type { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { NodeState, type NodeStatusEvent, nodeStateToJSON } from '#proto/gen/relay/relay.ts';
import { block } from './dict.ts';
import { escapeControls } from './escape.ts';
import { type LineStyle, timeText } from './style.ts';

/** Characters of node names before the rest is counted. */
const shownNameCharacters = 50;

/** Errors and unavailable nodes are for everybody; the others are for those who asked for more. */
export function isTrouble(status: NodeStatusEvent): boolean {
  return status.stateChange === NodeState.NODE_ERROR || status.stateChange === NodeState.NODE_UNAVAILABLE;
}

/** Without the newline. */
export function formatNodeStatus(response: GetFlowsResponse, status: NodeStatusEvent, style: LineStyle = {}): string {
  const prefix = `${timeText(response.time, style.timeFormat)} [${escapeControls(response.nodeName)}]`;
  return `${prefix}: ${statusPhrase(status)}`;
}

export function formatNodeStatusDict(
  response: GetFlowsResponse,
  status: NodeStatusEvent,
  style: LineStyle = {},
): string {
  return block([
    ['TIMESTAMP', timeText(response.time, style.timeFormat)],
    ['STATE', nodeStateToJSON(status.stateChange)],
    ['NODES', shownNames(status.nodeNames)],
    ['MESSAGE', status.message === '' ? 'N/A' : JSON.stringify(status.message)],
  ]);
}

function statusPhrase(status: NodeStatusEvent): string {
  const count = status.nodeNames.length;
  const names = shownNames(status.nodeNames);
  switch (status.stateChange) {
    case NodeState.NODE_CONNECTED:
      return `Receiving flows from ${count} nodes: ${names}`;
    case NodeState.NODE_UNAVAILABLE:
      return `${count} nodes are unavailable: ${names}`;
    case NodeState.NODE_GONE:
      return `${count} nodes removed from cluster: ${names}`;
    case NodeState.NODE_ERROR:
      return `Error ${JSON.stringify(status.message)} on ${count} nodes: ${names}`;
    default:
      return `unknown node status ${status.stateChange} of ${count} nodes: ${names}`;
  }
}

/** At least one name, then as many as fit. */
function shownNames(nodeNames: readonly string[]): string {
  let characters = 0;
  let shown = 0;
  for (const name of nodeNames) {
    characters += name.length + 2;
    if (characters > shownNameCharacters && shown > 0) break;
    shown++;
  }
  const omitted = nodeNames.length - shown;
  const names = escapeControls(nodeNames.slice(0, shown).join(', '));
  return omitted === 0 ? names : `${names} (and ${omitted} more)`;
}
