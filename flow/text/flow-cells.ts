// The pieces of a line about one flow, as text: both hosts, type, verdict, summary. compact, dict and table arrange them.

import { AuthType, authTypeToJSON, type Flow, TrafficDirection } from '#proto/gen/flow/flow.ts';
import { portOf, type Side } from '../filter/clause.ts';
import { flowTypeText } from '../names/event-type.ts';
import { reservedIdentityWord } from '../names/identity.ts';
import { flowSummary } from '../names/summary.ts';
import { isDenied, verdictLabel } from '../names/verdict.ts';
import { escapeControls } from './escape.ts';
import { type LineStyle, paint, timeText } from './style.ts';

export interface FlowCells {
  readonly time: string;
  readonly node: string;
  readonly source: string;
  readonly destination: string;
  /** "(world)" or "(ID:20017)". */
  readonly sourceIdentity: string;
  readonly destinationIdentity: string;
  readonly type: string;
  readonly verdict: string;
  readonly summary: string;
}

export function cellsOfFlow(flow: Flow, style: LineStyle): FlowCells {
  const label = verdictLabel(flow);
  const verdict = style.policyNames === true ? `${label}${policiesText(flow)}` : label;
  return {
    time: timeText(flow.time, style.timeFormat),
    node: escapeControls(flow.nodeName),
    source: hostText(flow, 'source', style),
    destination: hostText(flow, 'destination', style),
    sourceIdentity: identityText(flow.source?.identity ?? 0, style),
    destinationIdentity: identityText(flow.destination?.identity ?? 0, style),
    type: escapeControls(flowTypeText(flow)),
    verdict: paint(style, isDenied(flow.verdict) ? 'red' : label.startsWith('AUDIT') ? 'yellow' : 'green', verdict),
    summary: summaryText(flow),
  };
}

/** "ns/pod:port", "ns/service:port", "name,name:port" or "address:port"; a flow without IP has MAC addresses. */
function hostText(flow: Flow, side: Side, style: LineStyle): string {
  if (flow.IP === undefined) return paint(style, 'cyan', flow.ethernet?.[side] ?? '');
  const name = style.ipTranslation === false ? undefined : translatedName(flow, side);
  const host = name ?? flow.IP[side];
  const port = portOf(flow, side) ?? 0;
  if (port === 0) return paint(style, 'cyan', host);
  return paint(style, 'cyan', host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);
}

/** The namespace of a service wins over the pod's, as in the hubble CLI. */
function translatedName(flow: Flow, side: Side): string | undefined {
  const service = side === 'source' ? flow.sourceService : flow.destinationService;
  const names = side === 'source' ? flow.sourceNames : flow.destinationNames;
  const namespace = service?.namespace ?? flow[side]?.namespace ?? '';
  const name = flow[side]?.podName || service?.name;
  if (!name) return names.length > 0 ? names.join(',') : undefined;
  return namespace === '' ? name : `${namespace}/${name}`;
}

function identityText(identity: number, style: LineStyle): string {
  const word = reservedIdentityWord(identity);
  return paint(style, 'magenta', word === undefined ? `(ID:${identity})` : `(${word})`);
}

/** " BY web (CiliumNetworkPolicy), base (NetworkPolicy)", of the direction that was judged; '' where the flow names none. */
function policiesText(flow: Flow): string {
  const isEgress = flow.trafficDirection === TrafficDirection.EGRESS;
  const [allowed, denied] = isEgress
    ? [flow.egressAllowedBy, flow.egressDeniedBy]
    : [flow.ingressAllowedBy, flow.ingressDeniedBy];
  const names = (isDenied(flow.verdict) ? denied : allowed)
    .filter(({ name, kind }) => name !== '' && kind !== '')
    .map(({ name, kind }) => `${name} (${kind})`);
  return names.length === 0 ? '' : ` BY ${names.join(', ')}`;
}

function summaryText(flow: Flow): string {
  const traceId = flow.ipTraceId?.traceId ?? 0n;
  const trace = traceId > 0n ? `IP Trace ID: ${traceId}; ` : '';
  const auth = flow.authType === AuthType.DISABLED ? '' : `; Auth: ${authTypeToJSON(flow.authType)}`;
  return escapeControls(`${trace}${flowSummary(flow)}${auth}`);
}
