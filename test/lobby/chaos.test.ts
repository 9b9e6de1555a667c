import { expect, it } from 'vitest';
import { rehearse } from './rehearse.js';

it('never lets in too many, nor out of order, while everything is killed', async () => {
  const verdict = await rehearse({ people: 40, kills: 8, maxActive: 12, formMs: 1_000, msMax: 60_000 });
  expect(verdict.violations).toEqual([]);
  // It was alive: all came in, through kills, and the room was full at times.
  expect(verdict).toMatchObject({ acknowledged: 40, registered: 40, activeMax: 12 });
  expect(verdict.faults).toBeGreaterThan(2);
}, 180_000);
