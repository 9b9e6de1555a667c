import { expect, it } from 'vitest';
import { DatabaseClock } from '../../src/lobby/database-clock.js';

const AHEAD_MS = 1_000_000;

/** A reading of a database that is so far ahead, and read so long after it was asked. */
function read(clock: DatabaseClock, aheadMs: number, thereMs: number, backMs: number): void {
  const asked = performance.now();
  clock.note(asked + thereMs + aheadMs, asked, asked + thereMs + backMs);
}
const offBy = (clock: DatabaseClock, aheadMs: number): number =>
  Math.abs(clock.nowMs() - performance.now() - aheadMs);

it('An answer that took long does not make the time of the database wrong, before or after a quick one', () => {
  const clock = new DatabaseClock(0);
  read(clock, AHEAD_MS, 800, 1);
  expect(offBy(clock, AHEAD_MS)).toBeGreaterThan(300);
  read(clock, AHEAD_MS, 2, 2);
  read(clock, AHEAD_MS, 1, 900);
  expect(offBy(clock, AHEAD_MS)).toBeLessThan(5);
});

it('A clock of the database that was set is believed at once', () => {
  const clock = new DatabaseClock(0);
  read(clock, AHEAD_MS, 1, 1);
  read(clock, AHEAD_MS - 5_000, 10, 30);
  expect(offBy(clock, AHEAD_MS - 5_000)).toBeLessThan(25);
});
