import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { answerCase, type SideAnswer } from './policy-case.ts';

interface Vector {
  readonly id: string;
  readonly about: string;
  readonly expect: {
    readonly verdict: string;
    readonly egress: SideAnswer | null;
    readonly ingress: SideAnswer | null;
  };
}

const text = gunzipSync(readFileSync(join(import.meta.dirname, 'conformance', 'policy.jsonl.gz'))).toString();
const vectors = text
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Vector);

test(`all ${vectors.length} vectors get the answers of Cilium's and Kubernetes' own engines`, () => {
  assert.ok(vectors.length > 1400);
  const wrong = vectors.flatMap((vector) => {
    const answer = answerCase(vector);
    const right =
      answer.verdict === vector.expect.verdict &&
      agrees(answer.egress, vector.expect.egress) &&
      agrees(answer.ingress, vector.expect.ingress);
    return right
      ? []
      : [
          `${vector.id} (${vector.about}): expected ${JSON.stringify(vector.expect)}, answered ${JSON.stringify(answer)}`,
        ];
  });
  assert.deepEqual(wrong, []);
});

/** Of overlapping allows the vectors may name only some, and a rule without a name as an empty text. */
function agrees(answer: SideAnswer | null, expected: SideAnswer | null): boolean {
  if (answer === null || expected === null) return answer === expected;
  const named = (expected.by ?? []).filter((by) => by !== '');
  return (
    answer.verdict === expected.verdict &&
    answer.enforced === expected.enforced &&
    named.every((by) => answer.by.includes(by)) &&
    (expected.by?.length ?? 0) > 0 === answer.by.length > 0
  );
}

test('every answer says why, for each side that is a pod', () => {
  for (const vector of vectors) {
    const answer = answerCase(vector);
    for (const direction of ['egress', 'ingress'] as const)
      assert.equal(
        answer.why.some((line) => line.startsWith(`${direction}: `)),
        answer[direction] !== null,
        vector.id,
      );
  }
});
