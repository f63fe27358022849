// Rules of one pod's direction that match a peer pod, found once for each group of pods that no selector tells apart: of
// thousands of rules a flow is then tried against those few that name its peer. What they decide is kept by port as well.

import type { PodParty } from './party.ts';
import type { Decision, DirectionVerdict } from './rule.ts';

export interface Rules {
  readonly denies: readonly Decision[];
  readonly allows: readonly Decision[];
}

export interface Candidates extends Rules {
  /** Answers by protocol and port; undefined where more than these decides: a port's name, a request. */
  readonly known: Map<number, DirectionVerdict> | undefined;
}

/** Pairs kept over all pods of a set, some 400 bytes each: 100 MB. At the bound all are forgotten and found anew. */
const maxPairs = 262_144;

/** Shared by all candidates of a set. */
export class CandidateBudget {
  /** Changes when what was kept is to be forgotten. */
  epoch = 0;
  #pairs = 0;

  take(): void {
    this.#pairs += 1;
    if (this.#pairs < maxPairs) return;
    this.#pairs = 0;
    this.epoch += 1;
  }
}

export class PeerCandidates {
  readonly #rules: Rules;
  readonly #budget: CandidateBudget;
  /** Some rule goes by address, so that pods of one group may differ. */
  readonly #asksAddress: boolean;
  readonly #byPeer = new Map<number, Candidates>();
  #epoch = 0;

  constructor(rules: Rules, budget: CandidateBudget) {
    this.#rules = rules;
    this.#budget = budget;
    this.#asksAddress = [...rules.denies, ...rules.allows].some(
      ({ entry }) => entry.peers?.some((peer) => peer.asksAddress === true) ?? false,
    );
  }

  /** The rules whose peers this pod is among. */
  of(peer: PodParty): Candidates {
    if (this.#epoch !== this.#budget.epoch) {
      this.#byPeer.clear();
      this.#epoch = this.#budget.epoch;
    }
    const key = this.#asksAddress ? peer.index : peer.group;
    const before = key < 0 ? undefined : this.#byPeer.get(key);
    if (before !== undefined) return before;
    const found = candidatesAmong(this.#rules, peer);
    if (key < 0) return found;
    this.#byPeer.set(key, found);
    this.#budget.take();
    return found;
  }
}

function candidatesAmong(rules: Rules, peer: PodParty): Candidates {
  const names = ({ entry }: Decision): boolean =>
    entry.peers === undefined || entry.peers.some((each) => each.matches(peer));
  const [denies, allows] = [rules.denies.filter(names), rules.allows.filter(names)];
  const isPlain = [...denies, ...allows].every(
    ({ entry }) => entry.l7 === undefined && (entry.ports?.every(({ kind }) => kind !== 'named') ?? true),
  );
  return { denies, allows, known: isPlain ? new Map() : undefined };
}
