// Event types: numbers of Flow.event_type.type, and the names that `--type TYPE[:SUBTYPE]` and the outputs use.

import {
  type DebugCapturePoint,
  debugCapturePointToJSON,
  type EventTypeFilter,
  type Flow,
  l7FlowTypeToJSON,
  SocketTranslationPoint,
  socketTranslationPointToJSON,
  trafficDirectionToJSON,
} from '#proto/gen/flow/flow.ts';
import { dropCodeText } from './drop-reason.ts';

export const eventTypes = {
  drop: 1,
  debug: 2,
  capture: 3,
  trace: 4,
  policyVerdict: 5,
  traceSock: 7,
  l7: 129,
  agent: 130,
} as const;

/** Names that a filter may use. */
const typesByName: ReadonlyMap<string, number> = new Map([
  ['capture', eventTypes.capture],
  ['drop', eventTypes.drop],
  ['l7', eventTypes.l7],
  ['policy-verdict', eventTypes.policyVerdict],
  ['trace', eventTypes.trace],
  ['trace-sock', eventTypes.traceSock],
]);

/** Index: trace sub-type. */
const tracePoints: readonly string[] = [
  'to-endpoint',
  'to-proxy',
  'to-host',
  'to-stack',
  'to-overlay',
  'from-endpoint',
  'from-proxy',
  'from-host',
  'from-stack',
  'from-overlay',
  'from-network',
  'to-network',
  'from-crypto',
  'to-crypto',
];

export const eventTypeNames: readonly string[] = [...typesByName.keys()];
export const tracePointNames = tracePoints;

/** "trace", "trace:to-stack", "drop:133", or bare numbers; undefined for anything else. */
export function eventTypeOfText(text: string): EventTypeFilter | undefined {
  const [typeText = '', subTypeText, extra] = text.toLowerCase().split(':');
  const type = typesByName.get(typeText) ?? parseSmallNumber(typeText);
  if (type === undefined || extra !== undefined) return undefined;
  if (subTypeText === undefined) return { type, matchSubType: false, subType: 0 };
  const point = type === eventTypes.trace ? tracePoints.indexOf(subTypeText) : -1;
  const subType = point >= 0 ? point : parseSmallNumber(subTypeText);
  return subType === undefined ? undefined : { type, matchSubType: true, subType };
}

/** What eventTypeOfText reads back. */
export function eventTypeText({ type, matchSubType, subType }: EventTypeFilter): string {
  const name = [...typesByName].find(([, number]) => number === type)?.[0] ?? String(type);
  if (!matchSubType) return name;
  const point = type === eventTypes.trace ? tracePoints[subType] : undefined;
  return `${name}:${point ?? subType}`;
}

function parseSmallNumber(text: string): number | undefined {
  return /^[0-9]{1,3}$/.test(text) && Number(text) <= 255 ? Number(text) : undefined;
}

/** What kind of event a flow is, in the words of the CLI: "to-stack", "Policy denied", "http-request". */
export function flowTypeText(flow: Flow): string {
  if (flow.l7 !== undefined) return l7TypeText(flow.l7);
  const subType = flow.eventType?.subType ?? 0;
  switch (flow.eventType?.type) {
    case eventTypes.trace:
      return tracePoints[subType] ?? String(subType);
    case eventTypes.drop:
      return dropCodeText(subType);
    case eventTypes.policyVerdict: {
      const match = policyMatches[flow.policyMatchType] ?? 'unknown';
      return `policy-verdict:${match} ${trafficDirectionToJSON(flow.trafficDirection)}`;
    }
    case eventTypes.capture:
      return debugCapturePointToJSON(flow.debugCapturePoint satisfies DebugCapturePoint);
    case eventTypes.traceSock:
      return translationPoints.get(flow.sockXlatePoint) ?? socketTranslationPointToJSON(flow.sockXlatePoint);
    default:
      return 'UNKNOWN';
  }
}

/** Index: Flow.policy_match_type. */
const policyMatches = ['none', 'L3-Only', 'L3-L4', 'L4-Only', 'all', 'L3-Proto', 'Proto-Only'];

const translationPoints: ReadonlyMap<SocketTranslationPoint, string> = new Map<SocketTranslationPoint, string>([
  [SocketTranslationPoint.SOCK_XLATE_POINT_PRE_DIRECTION_FWD, 'pre-xlate-fwd'],
  [SocketTranslationPoint.SOCK_XLATE_POINT_POST_DIRECTION_FWD, 'post-xlate-fwd'],
  [SocketTranslationPoint.SOCK_XLATE_POINT_PRE_DIRECTION_REV, 'pre-xlate-rev'],
  [SocketTranslationPoint.SOCK_XLATE_POINT_POST_DIRECTION_REV, 'post-xlate-rev'],
]);

function l7TypeText(l7: NonNullable<Flow['l7']>): string {
  const type = l7FlowTypeToJSON(l7.type).toLowerCase();
  switch (l7.record?.$case) {
    case 'http':
      return `http-${type}`;
    case 'dns':
      return `dns-${type} ${l7.record.value.observationSource}`;
    case 'kafka':
      return `kafka-${type}`;
    default:
      return `l7-${type}`;
  }
}
