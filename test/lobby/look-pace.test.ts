import { expect, it } from 'vitest';
import { LookPace } from '../../src/lobby/look-pace.js';

it('Where people stand at the front, a free slot is looked for every 20 ms', () => {
  expect([new LookPace().untilNextMs(true, 1), new LookPace().untilNextMs(false, 1)]).toEqual([20, 50]);
});

it('Looking takes at most a tenth of the time, and is never put off by more than a quarter of a second', () => {
  expect(new LookPace().untilNextMs(true, 5)).toBe(45);
  expect(new LookPace().untilNextMs(true, 400)).toBe(250);
});

it('A look that was held up is no reason to look less often; looks that all take longer are', () => {
  const pace = new LookPace();
  pace.untilNextMs(true, 2);
  expect(pace.untilNextMs(true, 40)).toBe(20);
  const next = Array.from({ length: 8 }, () => pace.untilNextMs(true, 10));
  expect([next[0], next.at(-1)]).toEqual([20, 90]);
});
