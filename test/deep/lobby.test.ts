import { expect, it } from 'vitest';
import { rehearse } from '../lobby/rehearse.js';

const KILLS = 300;
const ROOMS = {
  always: { mode: 'always', people: 80, maxActive: 20, formMs: 6_000 },
  auto: { mode: 'auto', people: 40, maxActive: 12, formMs: 3_000 },
  minute: { mode: 'always', people: 40, maxActive: 20, maxPerMinute: 90, formMs: 3_000 },
} as const;

it(`never lets in too many through ${KILLS} kills, and leaves no slot idle`, async () => {
  const { kills, rooms } = await rehearse({ rooms: ROOMS, kills: KILLS, betweenMs: 1_900, msMax: 690_000 });
  console.log(JSON.stringify({ kills, rooms }));
  for (const [name, verdict] of Object.entries(rooms)) {
    expect(verdict.violations, name).toEqual([]);
    expect(verdict.acknowledged, name).toBe(verdict.started);
    expect(verdict.registered + verdict.straight, name).toBe(verdict.started);
    // There was something to judge: seconds in which people waited and nothing had failed just before.
    expect(verdict.judgedSeconds, name).toBeGreaterThan(30);
    expect(verdict.usePercent, name).toBeGreaterThanOrEqual(99);
    expect(verdict.offerMs.p99, name).toBeLessThanOrEqual(1_500);
  }
  expect(rooms.always.activeMax).toBe(ROOMS.always.maxActive);
  expect(rooms.auto.activeMax).toBe(ROOMS.auto.maxActive);
  expect(Math.min(rooms.auto.closings, rooms.auto.openings)).toBeGreaterThan(10);
  expect(rooms.minute.minuteMax).toBe(ROOMS.minute.maxPerMinute);
  expect(rooms.minute.minuteBoundSeconds).toBeGreaterThan(60);
  expect(Object.values(kills).reduce((sum, count) => sum + count, 0)).toBe(KILLS);
  expect(rooms.always.takeovers).toBeGreaterThan(30);
}, 780_000);
