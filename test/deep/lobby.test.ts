import { expect, it } from 'vitest';
import { rehearse } from '../lobby/rehearse.js';

it('never lets in too many through a hundred kills, and leaves no slot idle', async () => {
  const verdict = await rehearse({ people: 500, kills: 100, maxActive: 20, formMs: 8_000, msMax: 600_000 });
  console.log(JSON.stringify(verdict));
  expect(verdict.violations).toEqual([]);
  expect(verdict).toMatchObject({ acknowledged: 500, registered: 500, activeMax: 20 });
  expect(verdict.faults).toBeGreaterThanOrEqual(200);
  expect(verdict.usePercent).toBeGreaterThanOrEqual(99);
}, 900_000);
