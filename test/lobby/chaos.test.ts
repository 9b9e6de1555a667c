import { expect, it } from 'vitest';
import { rehearse } from './rehearse.js';

const ALWAYS = { mode: 'always', people: 24, maxActive: 8, formMs: 600 } as const;
const AUTO = { mode: 'auto', people: 12, maxActive: 4, formMs: 300 } as const;
const MINUTE = { mode: 'always', people: 8, maxActive: 8, maxPerMinute: 60, formMs: 200 } as const;

it('never lets in too many, nor out of order, while everything is killed', async () => {
  const { kills, rooms } = await rehearse({
    rooms: { always: ALWAYS, auto: AUTO, minute: MINUTE },
    kills: 6,
    burst: 3,
    calmMs: 1_500,
    msMax: 120_000,
  });
  for (const verdict of Object.values(rooms)) {
    expect(verdict.violations).toEqual([]);
    // It was alive: all came in, through kills of everything.
    expect(verdict.acknowledged).toBe(verdict.started);
    expect(verdict.registered + verdict.straight).toBe(verdict.started);
  }
  expect(rooms.always.started).toBeGreaterThanOrEqual(24);
  expect(rooms.always).toMatchObject({ straight: 0, activeMax: ALWAYS.maxActive });
  expect(rooms.minute).toMatchObject({ straight: 0, minuteMax: MINUTE.maxPerMinute });
  expect(rooms.minute.minuteBoundSeconds, 'it was held by its minute').toBeGreaterThan(0);
  // Its threshold was crossed in both directions, again and again.
  expect(rooms.auto.activeMax).toBe(AUTO.maxActive);
  expect(Math.min(rooms.auto.closings, rooms.auto.openings)).toBeGreaterThanOrEqual(2);
  expect(Object.values(kills).every((count) => count > 0)).toBe(true);
}, 180_000);
