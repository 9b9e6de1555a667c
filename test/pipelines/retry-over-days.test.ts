import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  BROKEN,
  DAY_MS,
  Days,
  HOUR_MS,
  LAST,
  LONGEST_AT,
  MAPPING,
  MINUTE_MS,
  POISON,
  SCHEDULE,
} from './days.js';

/** Real time that passes while a test looks on. */
const SLACK_MS = 10_000;
/** So near one another records fall due, that all were tried in one call. */
const NEAR_MS = 4_000;

let days: Days;

beforeEach(async () => {
  days = await Days.begin();
});

afterEach(() => days.rig.stop());

describe('A record that its backend refuses for days', { timeout: 90_000 }, () => {
  it('parks alone, is tried less and less often, and is written once when the backend takes it', async () => {
    await days.rig.startWorker(SCHEDULE, days.clock);
    days.poisoned();
    // One call for all of them, which fails for the sake of one.
    const neighbours = Array.from({ length: 8 }, (_, i) => `neighbour-${i}@example.com`);
    await days.register(POISON, ...neighbours);
    await days.rig.until(MAPPING, { retrying: 9 });
    await days.inTime(
      () => days.rig.ledger(MAPPING),
      ({ states }) => states.verified === 8 && states.retrying === 1,
      NEAR_MS,
    );

    let now = await days.standing();
    const began = days.clock.now();
    const waits: { tries: number; share: number }[] = [];
    while (now.tries < LONGEST_AT + 3) {
      const after = await days.nextTry(now);
      expect(after).toMatchObject({ state: 'retrying', tries: now.tries + 1 });
      const due = Math.min(MINUTE_MS * 2 ** (after.tries - 1), 8 * HOUR_MS);
      waits.push({ tries: after.tries, share: (after.next!.getTime() - after.tried!.getTime()) / due });
      now = after;
      await days.somebodyPasses();
    }
    for (const { tries, share } of waits) {
      expect(share, `after ${tries} tries`).toBeGreaterThanOrEqual(0.8);
      expect(share, `after ${tries} tries`).toBeLessThanOrEqual(1.2 + SLACK_MS / MINUTE_MS);
    }
    // Chance has its part in it, also in the longest waits.
    const longest = waits.filter(({ tries }) => tries >= LONGEST_AT).map(({ share }) => share.toFixed(4));
    expect(new Set(longest).size).toBeGreaterThan(1);
    expect(days.clock.now().getTime() - began.getTime()).toBeGreaterThan(DAY_MS);

    days.rig.crm.script = () => undefined;
    expect(await days.nextTry(now)).toMatchObject({ state: 'verified' });
    expect(days.written(POISON)).toBe(1);
    await days.expectBalanced({ verified: days.registered });
  });

  it('is given up when its days are over, is seen as that, and goes again when somebody asks', async () => {
    await days.rig.startWorker(SCHEDULE, days.clock);
    const seen = days.poisoned();
    await days.register(POISON);
    let now = await days.failed();
    while (now.state === 'retrying') {
      await days.somebodyPasses();
      now = await days.nextTry(now);
    }
    expect(seen.calls).toBe(LAST);
    expect(now).toMatchObject({ state: 'rejected', next: null, reason: { code: 'given-up' } });
    expect(now.reason!.message).toContain('failed for 3 days while others got through');
    expect(now.reason!.message).toContain('Internal error.');
    await days.expectBalanced({ rejected: 1, verified: days.registered - 1 });

    // Days later nobody has tried it, and the lane is alive.
    await days.clock.moveOn(5 * DAY_MS);
    await days.somebodyPasses();
    expect(seen.calls).toBe(LAST);

    // Asked for too early, it has all its tries before it again.
    await days.replay();
    now = await days.inTime(
      () => days.standing(),
      ({ state }) => state === 'retrying',
    );
    expect(now.tries).toBe(1);
    days.rig.crm.script = () => undefined;
    await days.nextTry(now);
    await days.expectBalanced({ verified: days.registered });
    expect(days.written(POISON)).toBe(1);
  });

  it('goes again as well when it changes', async () => {
    await days.rig.startWorker({ ...SCHEDULE, giveUpAfterMs: MINUTE_MS }, days.clock);
    days.poisoned();
    const [id] = await days.register(POISON);
    let now = await days.failed();
    while (now.state === 'retrying') {
      await days.somebodyPasses();
      now = await days.nextTry(now);
    }
    expect(now.reason!.code).toBe('given-up');
    days.rig.crm.script = () => undefined;
    await days.rig.people.rename(id!, 'Bea');
    await days.rig.until(MAPPING, { verified: days.registered });
    expect(days.written(POISON)).toBe(1);
  });

  it('is tried for ever where the settings say so, and never more often for it', async () => {
    await days.rig.startWorker({ ...SCHEDULE, giveUpAfterMs: 0 }, days.clock);
    days.poisoned();
    await days.register(POISON);
    await days.failed();
    // As after a year: the count has come to its end, the waits go on.
    await days.rig.pool.query('update deliveries set tries = 32767 where tries > 0');
    await days.somebodyPasses();
    const now = await days.nextTry(await days.standing());
    expect(now).toMatchObject({ state: 'retrying', tries: 32_767 });
    expect(now.next!.getTime() - now.tried!.getTime()).toBeGreaterThanOrEqual(0.8 * 8 * HOUR_MS);
    await days.somebodyPasses();
  });

  it('is not asked sooner because the backend always says that it may be asked soon', async () => {
    await days.rig.startWorker(SCHEDULE, days.clock);
    days.rig.crm.script = () => ({ ...BROKEN, afterMs: 10, reason: { ...BROKEN.reason, status: 409 } });
    await days.register(POISON);
    let now = await days.failed();
    for (let i = 0; i < 4; i++) now = await days.nextTry(now);
    expect(now.next!.getTime() - now.tried!.getTime()).toBeGreaterThanOrEqual(0.8 * 16 * MINUTE_MS);
  });

  it('keeps its place in the schedule through a throttle', async () => {
    await days.rig.startWorker(SCHEDULE, days.clock);
    days.poisoned();
    await days.register(POISON);
    let now = await days.nextTry(await days.failed());
    const { tries } = now;
    const untilMs = days.clock.now().getTime() + HOUR_MS;
    days.rig.crm.script = () => ({ kind: 'throttled', untilMs, reason: BROKEN.reason });
    now = await days.nextTry(now);
    expect(now).toMatchObject({ state: 'retrying', tries });
    days.poisoned();
    expect((await days.nextTry(now)).tries).toBe(tries + 1);
  });
});
