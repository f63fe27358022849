// What a verdict rests on and was not seen. A verdict without doubts holds whatever the unknown turns out to be.

import type { KnownEnd, ObservedFlow } from './observed-end.ts';
import { type FlowVerdict, matchesPorts, type PolicySet } from './policy-set.ts';
import type { Decision, Direction, DirectionVerdict } from './rule.ts';

export interface Doubt {
  readonly kind: 'labels' | 'names' | 'named ports' | 'request';
  readonly direction: Direction;
  /** A plain sentence. */
  readonly text: string;
}

export function doubtsOf(set: PolicySet, observed: ObservedFlow, verdict: FlowVerdict): readonly Doubt[] {
  const { source, destination } = observed;
  return [
    ...doubtsOfDirection(set, 'egress', observed, source, destination, verdict.egress),
    ...doubtsOfDirection(set, 'ingress', observed, destination, source, verdict.ingress),
  ];
}

function doubtsOfDirection(
  set: PolicySet,
  direction: Direction,
  observed: ObservedFlow,
  subject: KnownEnd,
  peer: KnownEnd,
  verdict: DirectionVerdict | undefined,
): readonly Doubt[] {
  if (subject.gaps.includes('labels')) {
    const text = `Whose address ${subject.text} is was not told, so which policies select it for ${direction} is not known.`;
    return [{ kind: 'labels', direction, text }];
  }
  if (verdict === undefined || !verdict.enforced || subject.party.kind !== 'pod') return [];
  const { allows, denies } = set.sectionsOf(subject.party)[direction];
  const lookup = set.namedPorts(direction, subject.party, peer.party);
  const onPort = (rules: readonly Decision[]): readonly Decision[] =>
    rules.filter(({ entry }) => matchesPorts(entry, observed.flow, lookup));
  // What could still change the answer: a rule that denies what is allowed, or the reverse.
  const contrary = verdict.verdict === 'allowed' ? denies : verdict.decisions.length > 0 ? [] : allows;
  const doubts: Doubt[] = [];
  const standing = verdict.decisions.some(({ entry }) => entry.peers === undefined);
  if (peer.gaps.includes('labels')) {
    const mayChange = onPort(contrary).length > 0 || (verdict.decisions.length > 0 && !standing);
    if (mayChange)
      doubts.push({
        kind: 'labels',
        direction,
        text: `Whose address ${peer.text} is was not told, so which rules for ${direction} it matches is not known.`,
      });
  } else if (peer.gaps.includes('names') && onPort(contrary).some(asksNames))
    doubts.push({
      kind: 'names',
      direction,
      text: `The DNS name of ${peer.text} was not seen, and a rule for ${direction} goes by name.`,
    });
  const receiver = direction === 'ingress' ? subject : peer;
  if (receiver.gaps.includes('named ports') && contrary.some(asksNamedPort))
    doubts.push({
      kind: 'named ports',
      direction,
      text: `The port names of ${receiver.text} are not known, and a rule for ${direction} goes by port name.`,
    });
  if (verdict.dependsOnRequest)
    doubts.push({
      kind: 'request',
      direction,
      text: `A rule for ${direction} goes by the request, which was not seen: the connection is allowed, the request may not be.`,
    });
  return doubts;
}

function asksNames({ entry }: Decision): boolean {
  return entry.peers?.some((peer) => peer.asksNames === true) ?? false;
}

function asksNamedPort({ entry }: Decision): boolean {
  return entry.ports?.some((port) => port.kind === 'named') ?? false;
}
