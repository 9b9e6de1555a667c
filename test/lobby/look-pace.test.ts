import { expect, it } from 'vitest';
import { untilNextLookMs } from '../../src/lobby/look-pace.js';

it('Where people stand at the front, a free slot is looked for every 20 ms', () => {
  expect([untilNextLookMs(true, 1), untilNextLookMs(false, 1)]).toEqual([20, 50]);
});

it('Looking takes at most a tenth of the time, and is never put off by more than a quarter of a second', () => {
  expect(untilNextLookMs(true, 5)).toBe(45);
  expect(untilNextLookMs(true, 400)).toBe(250);
});
