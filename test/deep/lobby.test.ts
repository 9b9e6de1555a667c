import { expect, it } from 'vitest';
import { rehearse } from '../lobby/rehearse.js';

const KILLS = 104;

it('never lets in too many through a hundred kills, and leaves no slot idle', async () => {
  const plan = { people: 150, kills: KILLS, betweenMs: 2_800, maxActive: 20, formMs: 8_000, msMax: 520_000 };
  const verdict = await rehearse(plan);
  console.log(JSON.stringify(verdict));
  expect(verdict.violations).toEqual([]);
  expect(verdict).toMatchObject({
    acknowledged: verdict.started,
    registered: verdict.started,
    activeMax: plan.maxActive,
  });
  expect(Object.values(verdict.kills).reduce((sum, kills) => sum + kills, 0)).toBe(KILLS);
  expect(verdict.takeovers).toBeGreaterThan(10);
  // There was something to judge: seconds in which people waited and nothing had failed just before.
  expect(verdict.judgedSeconds).toBeGreaterThan(60);
  expect(verdict.usePercent).toBeGreaterThanOrEqual(99);
  expect(verdict.offerMs.p99).toBeLessThanOrEqual(1_500);
}, 600_000);
