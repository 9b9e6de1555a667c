import { describe, expect, it } from 'vitest';
import { rehearse, type Rehearsed } from '../lobby/rehearse.js';

const ROOMS = {
  always: { mode: 'always', people: 80, maxActive: 20, formMs: 6_000 },
  auto: { mode: 'auto', people: 40, maxActive: 12, formMs: 3_000 },
  minute: { mode: 'always', people: 40, maxActive: 20, maxPerMinute: 90, formMs: 3_000 },
} as const;
/** So many people that there is always somebody who waits, and so few that two cores have time for the replicas. */
const CALMER = {
  always: { ...ROOMS.always, people: 40 },
  auto: { ...ROOMS.auto, people: 24 },
  minute: { ...ROOMS.minute, people: 30 },
};
/** One by one, with time to recover in between; and in bursts that leave no time. */
const ONE_BY_ONE = { kills: 50, burst: 1, calmMs: 3_000, msMax: 280_000 };
const IN_BURSTS = { kills: 250, burst: 4, calmMs: 2_500, msMax: 480_000 };

type Rehearsal = Awaited<ReturnType<typeof rehearse<keyof typeof ROOMS>>>;

describe(`A lobby that is killed ${ONE_BY_ONE.kills + IN_BURSTS.kills} times`, () => {
  it('never lets in too many, nor out of order, loses nobody, and leaves no slot idle', async () => {
    const rehearsal = await rehearse({ rooms: CALMER, ...ONE_BY_ONE });
    console.log(JSON.stringify(rehearsal));
    expectPromisesKept(rehearsal, ONE_BY_ONE.kills);
    // There was something to judge: seconds in which people waited and nothing had failed just before.
    const { judgedSeconds, usePercent, offerMs, takeovers } = rehearsal.rooms.always;
    expect(judgedSeconds).toBeGreaterThan(40);
    expect(usePercent).toBeGreaterThanOrEqual(99);
    expect(offerMs.p99).toBeLessThanOrEqual(1_500);
    expect(takeovers).toBeGreaterThan(10);
  }, 340_000);

  it('keeps to that when everything is killed one upon the other', async () => {
    const rehearsal = await rehearse({ rooms: ROOMS, ...IN_BURSTS });
    console.log(JSON.stringify(rehearsal));
    expectPromisesKept(rehearsal, IN_BURSTS.kills);
    expect(rehearsal.rooms.always.takeovers).toBeGreaterThan(20);
  }, 560_000);
});

function expectPromisesKept({ kills, rooms }: Rehearsal, wanted: number): void {
  expect(Object.values(kills).reduce((sum, count) => sum + count, 0)).toBe(wanted);
  for (const [name, verdict] of Object.entries<Rehearsed>(rooms)) {
    expect(verdict.violations, name).toEqual([]);
    expect(verdict.acknowledged, name).toBe(verdict.started);
    expect(verdict.registered + verdict.straight, name).toBe(verdict.started);
  }
  expect(rooms.always.activeMax).toBe(ROOMS.always.maxActive);
  expect(rooms.auto.activeMax).toBe(ROOMS.auto.maxActive);
  expect(Math.min(rooms.auto.closings, rooms.auto.openings)).toBeGreaterThan(3);
  expect(rooms.minute.minuteMax).toBe(ROOMS.minute.maxPerMinute);
  expect(rooms.minute.minuteBoundSeconds).toBeGreaterThan(30);
}
