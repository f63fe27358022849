// Which of its possible answers a server gives.
import type { Answer, Outcome } from '../topology.ts';
import { type Chance, pick } from './chance.ts';

/** The first answer whose path begins the asked one; 404 when none does. */
export function chooseOutcome(answers: readonly Answer[], path: string, chance: Chance): Outcome {
  const answer = answers.find((candidate) => path.startsWith(candidate.path));
  return answer ? pick(answer.outcomes, chance) : { status: 404, weight: 1, delayMs: 0 };
}
