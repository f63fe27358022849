// Verdicts: wire names, words on screen, and which of them mean that the packet did not get through.

import { type Flow, Verdict, verdictToJSON } from '#proto/gen/flow/flow.ts';
import { eventTypes } from './event-type.ts';

const words: ReadonlyMap<Verdict, string> = new Map<Verdict, string>([
  [Verdict.VERDICT_UNKNOWN, 'unknown'],
  [Verdict.FORWARDED, 'forwarded'],
  [Verdict.DROPPED, 'dropped'],
  [Verdict.ERROR, 'error'],
  [Verdict.AUDIT, 'audit'],
  [Verdict.REDIRECTED, 'redirected'],
  [Verdict.TRACED, 'traced'],
  [Verdict.TRANSLATED, 'translated'],
]);

/** Words in the order of their numbers. */
export const verdictWords: readonly string[] = [...words.values()];

/** "dropped"; "verdict 42" for a number this build does not know. */
export function verdictWord(verdict: Verdict): string {
  return words.get(verdict) ?? `verdict ${verdict}`;
}

/** A word or a wire name, in any case. */
export function verdictOfText(text: string): Verdict | undefined {
  const wanted = text.toLowerCase().replace(/^verdict_/, '');
  return [...words].find(([, word]) => word === wanted)?.[0];
}

/** DROPPED and ERROR. AUDIT got through: a policy would have denied it. */
export function isDenied(verdict: Verdict): boolean {
  return verdict === Verdict.DROPPED || verdict === Verdict.ERROR;
}

/** As the CLI prints it: a policy verdict event says what policy decided, not what became of the packet. */
export function verdictLabel(flow: Pick<Flow, 'verdict' | 'eventType'>): string {
  if (flow.eventType?.type === eventTypes.policyVerdict) {
    if (flow.verdict === Verdict.FORWARDED || flow.verdict === Verdict.REDIRECTED) return 'ALLOWED';
    if (isDenied(flow.verdict)) return 'DENIED';
    if (flow.verdict === Verdict.AUDIT) return 'AUDITED';
  }
  return words.has(flow.verdict) ? verdictToJSON(flow.verdict) : String(flow.verdict);
}
