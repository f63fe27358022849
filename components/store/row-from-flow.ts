// From one encoded GetFlowsResponse to the fields of a row. The opener of a connection is always the source, also for
// replies: a table reads "who asked whom", and both halves of a request must land on the same row.

import type { Flow } from '#proto/gen/flow/flow.ts';
import { dropReasonToJSON, Verdict } from '#proto/gen/flow/flow.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { FlowDetails, ViewSource } from '#proto/gen/parallax/v1/flow_details.ts';
import { rowEndpoint } from './endpoint-name.ts';
import { exchangeOf } from './flow-exchange.ts';
import type { FlowRow, RowVerdict } from './flow-row.ts';
import { unixMs } from './unix-ms.ts';

/** A row before it has its number, with what is needed to find the other half of its request. */
export interface RowDraft {
  readonly row: Omit<FlowRow, 'seq'>;
  /** The same for request and response of one exchange; empty where the flow is not half of one. */
  readonly exchangeKey: string;
  readonly half: 'request' | 'response' | 'whole';
}

const FLOW_DETAILS_TYPE = 'parallax.v1.FlowDetails';

/** @returns undefined for messages of the stream that are not flows. */
export function rowDraft(responseBytes: Uint8Array): RowDraft | undefined {
  const response = GetFlowsResponse.decode(responseBytes);
  if (response.responseTypes?.$case !== 'flow') return undefined;
  const flow = response.responseTypes.value;
  const details = flowDetails(flow);
  const isReply = flow.isReply ?? false;
  const { sourcePort, destinationPort } = portsOf(flow);
  const sender = rowEndpoint(
    flow.source,
    flow.sourceNames,
    flow.IP?.source ?? '',
    sourcePort,
    details?.sourceProcess?.command ?? '',
  );
  const receiver = rowEndpoint(
    flow.destination,
    flow.destinationNames,
    flow.IP?.destination ?? '',
    destinationPort,
    details?.destinationProcess?.command ?? '',
  );
  const [source, destination] = isReply ? [receiver, sender] : [sender, receiver];
  const row = {
    uuid: flow.uuid,
    timeMs: unixMs(flow.time ?? response.time),
    source,
    destination,
    ...exchangeOf(flow, details),
    verdict: rowVerdict(flow.verdict),
    dropReason: dropReasonOf(flow, details),
    deniedBy: deniedBy(flow),
    why: details?.policy?.summary ?? '',
    latencyUs: latencyUs(flow, details),
    bytes: bytesOf(details),
    node: flow.nodeName || response.nodeName,
    loggedBy: loggedBy(flow, details),
    isReply: isReply && flow.l7 === undefined,
  };
  return { row, exchangeKey: exchangeKey(flow, details, row), half: halfOf(flow) };
}

export function flowDetails(flow: Flow): FlowDetails | undefined {
  const any = flow.extensions;
  return any?.typeUrl.endsWith(FLOW_DETAILS_TYPE) ? FlowDetails.decode(any.value) : undefined;
}

function portsOf(flow: Flow): { readonly sourcePort: number; readonly destinationPort: number } {
  const l4 = flow.l4?.protocol;
  switch (l4?.$case) {
    case 'TCP':
    case 'UDP':
    case 'SCTP':
      return { sourcePort: l4.value.sourcePort, destinationPort: l4.value.destinationPort };
    default:
      return { sourcePort: 0, destinationPort: 0 };
  }
}

function rowVerdict(verdict: Verdict): RowVerdict {
  switch (verdict) {
    case Verdict.FORWARDED:
      return 'forwarded';
    case Verdict.DROPPED:
      return 'dropped';
    case Verdict.ERROR:
      return 'error';
    case Verdict.AUDIT:
      return 'audit';
    case Verdict.REDIRECTED:
      return 'redirected';
    case Verdict.TRANSLATED:
      return 'translated';
    case Verdict.TRACED:
      return 'traced';
    default:
      return 'unknown';
  }
}

function dropReasonOf(flow: Flow, details: FlowDetails | undefined): string {
  if (flow.verdict !== Verdict.DROPPED) return '';
  return details?.drop?.reason || (flow.dropReasonDesc === 0 ? '' : dropReasonToJSON(flow.dropReasonDesc));
}

function deniedBy({ ingressDeniedBy, egressDeniedBy }: Flow): string {
  const names = [...ingressDeniedBy, ...egressDeniedBy].map(({ namespace, name }) =>
    namespace === '' ? name : `${namespace}/${name}`,
  );
  return [...new Set(names)].join(', ');
}

function latencyUs(flow: Flow, details: FlowDetails | undefined): number {
  if (flow.l7 !== undefined && flow.l7.latencyNs > 0n) return Number(flow.l7.latencyNs) / 1000;
  return details?.tcp?.connectUs || -1;
}

function bytesOf(details: FlowDetails | undefined): number {
  if (details?.initiator === undefined && details?.responder === undefined) return -1;
  return Number((details.initiator?.newBytes ?? 0n) + (details.responder?.newBytes ?? 0n));
}

function loggedBy({ emitter }: Flow, details: FlowDetails | undefined): string {
  if (details?.viewSource !== ViewSource.VIEW_SOURCE_ACCESS_LOG) return '';
  return emitter?.name || 'a proxy';
}

function halfOf(flow: Flow): RowDraft['half'] {
  if (flow.l7?.type === 1) return 'request';
  if (flow.l7?.type === 2) return 'response';
  return 'whole';
}

function exchangeKey(flow: Flow, details: FlowDetails | undefined, row: Omit<FlowRow, 'seq'>): string {
  if (flow.l7 === undefined) return '';
  const { source, destination } = row;
  const number = details?.requestNumber ?? 0n;
  const what = number === 0n ? row.request : String(number);
  return `${row.node} ${row.loggedBy} ${source.ip}:${source.port} ${destination.ip}:${destination.port} ${what}`;
}
