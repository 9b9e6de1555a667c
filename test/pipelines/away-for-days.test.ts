import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BROKEN, DAY_MS, Days, HOUR_MS, LAST, LONGEST_AT, MAPPING, POISON, SCHEDULE } from './days.js';

let days: Days;

beforeEach(async () => {
  days = await Days.begin();
});

afterEach(() => days.rig.stop());

describe('A backend that is away for longer than a record is tried', { timeout: 90_000 }, () => {
  it('has no record given up: all wait, and all are written once when it is back', async () => {
    await days.rig.startWorker(SCHEDULE, days.clock);
    days.rig.crm.script = () => BROKEN;
    await days.register(POISON, 'a@example.com', 'b@example.com');
    let now = await days.failed();
    const began = days.clock.now().getTime();
    while (days.clock.now().getTime() - began < 5 * DAY_MS) now = await days.nextTry(now);
    expect(now).toMatchObject({ state: 'retrying', tries: LONGEST_AT });
    await days.expectBalanced({ retrying: 3 });
    days.rig.crm.script = () => undefined;
    await days.clock.moveOn(10 * HOUR_MS);
    await days.inTime(
      () => days.rig.ledger(MAPPING),
      ({ states }) => states.verified === 3,
    );
    await days.expectBalanced({ verified: 3 });
    expect(days.written(POISON)).toBe(1);
  });

  it('is not hidden by records that it never takes: one that may go through is tried before them', async () => {
    await days.rig.startWorker(SCHEDULE, days.clock);
    days.rig.crm.batchLimit = 1;
    const names: unknown[] = [];
    days.rig.crm.script = ({ records }) => {
      names.push(records[0]!.fields['Name']);
      return names.at(-1) === 'Bad' ? BROKEN : undefined;
    };
    const bad = Array.from({ length: 12 }, (_, i) => `bad-${i}@example.com`);
    await days.rig.pool.query('update lanes set paused = true');
    for (const id of await days.register(...bad)) await days.rig.people.rename(id, 'Bad');
    await days.rig.pool.query('update lanes set paused = false');
    await days.rig.until(MAPPING, { retrying: 12 });
    // All of them are due, and the destination is to be tried with one call.
    names.length = 0;
    await days.clock.moveOn(HOUR_MS);
    await days.register('good@example.com');
    await days.inTime(
      () => days.standing('good@example.com'),
      ({ state }) => state === 'verified',
    );
    // Until it came one or the other may have been tried.
    expect(names.indexOf('Ana')).toBeLessThan(4);
    await days.expectBalanced({ retrying: 12, verified: 1 });
  });
});

describe('A record that is to be taken out of its backend', { timeout: 90_000 }, () => {
  it('is tried for as long as it stands there, whatever the settings say', async () => {
    await days.rig.startWorker(SCHEDULE, days.clock);
    const [id] = await days.register(POISON);
    await days.rig.until(MAPPING, { verified: 1 });
    days.rig.crm.script = ({ what }) => (what === 'remove' ? BROKEN : undefined);
    await days.rig.pool.query(
      `select amend_registration(id, version, now(), attendee, answers, null, array['marketing'], array[false],
         array['1'], null) from registrations where id = $1`,
      [id],
    );
    let now = await days.failed();
    // Its days are nearly over: what else would be given up with the next try that fails.
    await days.rig.pool.query(`update deliveries set tries = $1 where state = 'retrying'`, [LAST - 1]);
    while (now.tries < LAST + 2) {
      await days.somebodyPasses();
      now = await days.nextTry(now);
    }
    expect(now.state).toBe('retrying');
    days.rig.crm.script = () => undefined;
    expect(await days.nextTry(now)).toMatchObject({ state: 'suppressed' });
    expect(days.rig.crm.all('Lead').some(({ fields }) => fields['Email'] === POISON)).toBe(false);
    await days.expectBalanced({ suppressed: 1, verified: days.registered - 1 });
  });
});
