// Why a flow is allowed or denied, in words: the rules that decided, or what each rule of the selecting policies lacked.

import { describeParty, type Party } from './party.ts';
import { matchesPeers, matchesPorts, type PolicyFlow, type PolicySet } from './policy-set.ts';
import { describePort } from './ports.ts';
import { type Direction, type DirectionVerdict, type Entry, policyReference, type Section } from './rule.ts';

/** Plain sentences, the decisive one first. At most `maxRulesTold` rules are told one by one; the rest is counted. */
export function explainDirection(
  set: PolicySet,
  direction: Direction,
  flow: PolicyFlow,
  verdict: DirectionVerdict,
  maxRulesTold = 20,
): string[] {
  const [subject, peer] = direction === 'ingress' ? [flow.destination, flow.source] : [flow.source, flow.destination];
  const who = describeParty(subject);
  if (!verdict.enforced) return [`No policy selects ${who} for ${direction}, so everything is allowed.`];
  if (verdict.by.includes('allow-localhost-ingress'))
    return [`${describeParty(peer)} is the node of ${who}, which may always reach its own pods.`];
  if (verdict.by.includes('allow-self')) return [`${who} talks to itself, which policies do not refuse.`];
  if (verdict.decisions.length > 0)
    return verdict.decisions
      .slice(0, maxRulesTold)
      .map(({ section, entry }) => describeDecision(section, entry, verdict));
  if (subject.kind !== 'pod') return [];
  const { sections, allows } = set.sectionsOf(subject)[direction];
  const isolating = sections.filter((section) => section.defaultDeny);
  if (verdict.verdict === 'allowed')
    return [`Policies select ${who} for ${direction}, but all of them switch default deny off and none denies this.`];
  const names = [...new Set(isolating.map((section) => policyReference(section.policy)))].join(', ');
  const head = `${who} is isolated for ${direction} by ${names}, and no rule allows ${describeParty(peer)} on ${flow.protocol} ${flow.port}.`;
  const lookup = set.namedPorts(direction, subject, peer);
  if (allows.length === 0) return [head, 'None of them has a rule that allows anything.'];
  const told = allows
    .slice(0, maxRulesTold)
    .map(({ section, entry }) => describeLack(section, entry, peer, flow, lookup));
  return allows.length > maxRulesTold
    ? [head, ...told, `And ${allows.length - maxRulesTold} more rules do not match either.`]
    : [head, ...told];
}

function describeDecision(section: Section, entry: Entry, verdict: DirectionVerdict): string {
  const verb = entry.action === 'deny' ? 'denies' : 'allows';
  const l7 =
    entry.l7 === undefined
      ? ''
      : verdict.dependsOnRequest
        ? `, if the request is ${entry.l7.text}`
        : ` and the request (${entry.l7.text})`;
  return `${policyReference(section.policy)} ${entry.path} ${verb} ${describePeers(entry)} on ${describePorts(entry)}${l7}.`;
}

function describeLack(
  section: Section,
  entry: Entry,
  peer: Party,
  flow: PolicyFlow,
  lookup: Parameters<typeof matchesPorts>[2],
): string {
  const rule = `${policyReference(section.policy)} ${entry.path}`;
  const peerFits = matchesPeers(entry, peer);
  const portFits = matchesPorts(entry, flow, lookup);
  if (peerFits && portFits)
    return `${rule} allows the connection, but not this request: only ${entry.l7?.text ?? 'others'}.`;
  const wants: string[] = [];
  if (!peerFits) wants.push(`${describePeers(entry)}, which ${describeParty(peer)} is not among`);
  if (!portFits) wants.push(`${describePorts(entry)}, not ${flow.protocol} ${flow.port}`);
  return `${rule} allows ${wants.join('; and ')}.`;
}

/** What a rule says, in words: "allows pods of shop with app=web on TCP 8080". */
export function describeRule(entry: Entry): string {
  const l7 = entry.l7 === undefined ? '' : `, for ${entry.l7.text}`;
  const verb = entry.action === 'deny' ? 'denies' : 'allows';
  return `${verb} ${describePeers(entry)} on ${describePorts(entry)}${l7}`;
}

function describePeers(entry: Entry): string {
  if (entry.peers === undefined) return 'anyone';
  return entry.peers.length === 0 ? 'nobody' : entry.peers.map((each) => each.text).join(' or ');
}

function describePorts(entry: Entry): string {
  if (entry.ports === undefined) return 'any port';
  return entry.ports.length === 0 ? 'no port' : entry.ports.map(describePort).join(' or ');
}
