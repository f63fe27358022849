import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exponentialGapMs, pick, seededChance } from './chance.ts';
import { chooseOutcome } from './outcomes.ts';

test('the same seed draws the same course, another seed another', () => {
  const draw = (seed: number) => Array.from({ length: 5 }, seededChance(seed));
  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(8));
});

test('items are picked by their weight', () => {
  const items = [
    { name: 'often', weight: 9 },
    { name: 'seldom', weight: 1 },
    { name: 'never', weight: 0 },
  ];
  const chance = seededChance(1);
  const counts = { often: 0, seldom: 0, never: 0 };
  for (let n = 0; n < 10_000; n++) counts[pick(items, chance).name as keyof typeof counts]++;
  assert.ok(Math.abs(counts.often - 9000) < 200, `${counts.often} of 10000`);
  assert.equal(counts.never, 0);
  assert.throws(() => pick([], chance), /nothing to pick from/);
});

test('gaps have the asked mean and an end', () => {
  const chance = seededChance(3);
  const gaps = Array.from({ length: 20_000 }, () => exponentialGapMs(50, chance));
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  assert.ok(Math.abs(mean - 20) < 1, `mean ${mean} ms`);
  assert.ok(Math.max(...gaps) <= 200);
});

test('a server answers by the first path that begins the asked one, else with 404', () => {
  const outcome = (status: number) => [{ status, weight: 1, delayMs: 0 }];
  const answers = [
    { path: '/missing', outcomes: outcome(404) },
    { path: '/', outcomes: outcome(200) },
  ];
  const chance = seededChance(1);
  assert.equal(chooseOutcome(answers, '/missing/7', chance).status, 404);
  assert.equal(chooseOutcome(answers, '/products', chance).status, 200);
  assert.equal(chooseOutcome([], '/', chance).status, 404);
});
