import { expect, it } from 'vitest';
import { rehearse } from './rehearse.js';

it('never lets in too many, nor out of order, while everything is killed', async () => {
  const plan = { people: 24, kills: 6, betweenMs: 900, maxActive: 8, formMs: 600, msMax: 120_000 };
  const verdict = await rehearse(plan);
  expect(verdict.violations).toEqual([]);
  // It was alive: all came in, through kills of everything, and the room was full at times.
  expect(verdict.started).toBeGreaterThanOrEqual(24);
  expect(verdict).toMatchObject({
    acknowledged: verdict.started,
    registered: verdict.started,
    activeMax: plan.maxActive,
  });
  expect(Object.values(verdict.kills).every((kills) => kills > 0)).toBe(true);
}, 180_000);
