import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/connectors/connector.js';
import { MovedClock } from '../support/moved-clock.js';
import { waitFor } from '../support/wait-for.js';
import { MAPPING_OF_LEADS, ScriptedRig } from './scripted-rig.js';

const [MINUTE_MS, HOUR_MS, DAY_MS] = [60_000, 3_600_000, 86_400_000];
const MAPPING = 'crm.lead';
const POISON = 'poison@example.com';
/** The waits: 1, 2, 4 … 256 minutes, then 8 hours each. */
const SCHEDULE = { retryFirstMs: MINUTE_MS, retryMaxMs: 8 * HOUR_MS, giveUpAfterMs: 3 * DAY_MS };
/** Of `SCHEDULE`, the try after which the longest wait comes first, and the one after three days of waits. */
const [LONGEST_AT, LAST] = [10, 18];
/** Real time that passes while a test looks on. */
const SLACK_MS = 10_000;
/** As long as a destination is left alone that answered nothing. */
const HOLD_MS = 31_000;
/** So near one another records fall due, that all were tried in one call. */
const NEAR_MS = 4_000;
const ASKS_A_STEP = 8;
const BROKEN: Outcome = {
  kind: 'retry',
  afterMs: null,
  reason: { code: 'broken', message: 'Internal error.', owner: 'backend', status: 500 },
};

interface Standing {
  readonly state: string;
  readonly tries: number;
  readonly next: Date | null;
  readonly tried: Date | null;
  readonly reason: { code: string; message: string } | null;
}

let rig: ScriptedRig;
let clock: MovedClock;
let event: string;
let registered = 0;

beforeEach(async () => {
  rig = await ScriptedRig.start({ lead: MAPPING_OF_LEADS });
  clock = await MovedClock.of(rig.databaseUrl);
  event = await rig.people.event('days');
  registered = 0;
});

afterEach(() => rig.stop());

async function register(...emails: string[]): Promise<string[]> {
  registered += emails.length;
  return rig.people.register(event, emails);
}

/** How the record of somebody stands, and when it was tried last. */
async function standing(email: string = POISON): Promise<Standing> {
  const { rows } = await rig.pool.query<Omit<Standing, 'reason'> & { reason: string | null }>(
    `select d.state, d.tries, d.next_attempt_at as next, a.at as tried, d.reason
       from persons p join deliveries d on d.key = p.id left join attempts a on a.id = d.attempt
      where p.email = $1`,
    [email],
  );
  const { reason, ...rest } = rows[0] ?? { state: 'none', tries: 0, next: null, tried: null, reason: null };
  return { ...rest, reason: JSON.parse(reason ?? 'null') as Standing['reason'] };
}

/** Waits, with a clock that goes on meanwhile: a destination that is left alone for a while is tried again. */
async function inTime<T>(ask: () => Promise<T>, isSo: (seen: T) => boolean, stepMs = HOLD_MS): Promise<T> {
  let asked = 0;
  const askAgain = async (): Promise<T> => {
    if (++asked % ASKS_A_STEP === 0) {
      await clock.moveOn(stepMs);
      // Whoever gave a lane back just as the clock jumped counted from the time before.
      await rig.pool.query('update lanes set due = clock_timestamp() where due > clock_timestamp()');
    }
    return ask();
  };
  return waitFor(askAgain, isSo);
}

/** Lets the time come for which a record waits, and the answer. */
async function nextTry(before: Standing): Promise<Standing> {
  expect(before.state).toBe('retrying');
  await clock.moveOn(Math.max(before.next!.getTime() - clock.now().getTime(), 0));
  return inTime(standing, ({ state, next }) => state !== 'retrying' || Number(next) !== Number(before.next));
}

const failed = (): Promise<Standing> => waitFor(standing, ({ tries }) => tries > 0);

/** Somebody else registers and is written. Proves that the lane is alive. */
async function somebodyPasses(): Promise<void> {
  const email = `other-${registered}@example.com`;
  await register(email);
  await inTime(
    () => standing(email),
    ({ state }) => state === 'verified',
  );
}

async function expectBalanced(states: object): Promise<void> {
  const ledger = await rig.until(MAPPING, states);
  const { total, settled, superseded, waiting } = ledger.changes;
  expect(ledger).toMatchObject({ records: registered, unaccounted: 0 });
  expect(total).toBe(settled + superseded + waiting);
  expect(Object.values(ledger.states).reduce((sum, n) => sum + n, 0)).toBe(registered);
}

/** Every call with the poison in it fails as a whole, and not always in the same way. */
function poisoned(): { calls: number } {
  const seen = { calls: 0 };
  rig.crm.script = ({ records }) => {
    if (!records.some(({ fields }) => fields['Email'] === POISON)) return undefined;
    return seen.calls++ % 3 === 1 ? 'lost' : BROKEN;
  };
  return seen;
}

function written(email: string): number {
  const keys = rig.crm.all('Lead').flatMap(({ key, fields }) => (fields['Email'] === email ? [key] : []));
  expect(keys).toHaveLength(1);
  return rig.crm.written.filter(({ key }) => key === keys[0]).length;
}

describe('A record that its backend refuses for days', { timeout: 90_000 }, () => {
  it('parks alone, is tried less and less often, and is written once when the backend takes it', async () => {
    await rig.startWorker(SCHEDULE, clock);
    poisoned();
    // One call for all of them, which fails for the sake of one.
    const neighbours = Array.from({ length: 8 }, (_, i) => `neighbour-${i}@example.com`);
    await register(POISON, ...neighbours);
    await rig.until(MAPPING, { retrying: 9 });
    await inTime(
      () => rig.ledger(MAPPING),
      ({ states }) => states.verified === 8 && states.retrying === 1,
      NEAR_MS,
    );

    let now = await standing();
    const began = clock.now();
    const waits: { tries: number; share: number }[] = [];
    while (now.tries < LONGEST_AT + 3) {
      const after = await nextTry(now);
      expect(after).toMatchObject({ state: 'retrying', tries: now.tries + 1 });
      const due = Math.min(MINUTE_MS * 2 ** (after.tries - 1), 8 * HOUR_MS);
      waits.push({ tries: after.tries, share: (after.next!.getTime() - after.tried!.getTime()) / due });
      now = after;
      await somebodyPasses();
    }
    for (const { tries, share } of waits) {
      expect(share, `after ${tries} tries`).toBeGreaterThanOrEqual(0.8);
      expect(share, `after ${tries} tries`).toBeLessThanOrEqual(1.2 + SLACK_MS / MINUTE_MS);
    }
    // Chance has its part in it, also in the longest waits.
    const longest = waits.filter(({ tries }) => tries >= LONGEST_AT).map(({ share }) => share.toFixed(4));
    expect(new Set(longest).size).toBeGreaterThan(1);
    expect(clock.now().getTime() - began.getTime()).toBeGreaterThan(DAY_MS);

    rig.crm.script = () => undefined;
    expect(await nextTry(now)).toMatchObject({ state: 'verified' });
    expect(written(POISON)).toBe(1);
    await expectBalanced({ verified: registered });
  });

  it('is given up when its days are over, is seen as that, and goes again when somebody asks', async () => {
    await rig.startWorker(SCHEDULE, clock);
    const seen = poisoned();
    await register(POISON);
    let now = await failed();
    while (now.state === 'retrying') {
      await somebodyPasses();
      now = await nextTry(now);
    }
    expect(seen.calls).toBe(LAST);
    expect(now).toMatchObject({ state: 'rejected', next: null, reason: { code: 'given-up' } });
    expect(now.reason!.message).toContain('failed for 3 days while others got through');
    expect(now.reason!.message).toContain('Internal error.');
    await expectBalanced({ rejected: 1, verified: registered - 1 });

    // Days later nobody has tried it, and the lane is alive.
    await clock.moveOn(5 * DAY_MS);
    await somebodyPasses();
    expect(seen.calls).toBe(LAST);

    // Asked for too early, it has all its tries before it again.
    await replay();
    now = await inTime(standing, ({ state }) => state === 'retrying');
    expect(now.tries).toBe(1);
    rig.crm.script = () => undefined;
    await nextTry(now);
    await expectBalanced({ verified: registered });
    expect(written(POISON)).toBe(1);
  });

  it('goes again as well when it changes', async () => {
    await rig.startWorker({ ...SCHEDULE, giveUpAfterMs: MINUTE_MS }, clock);
    poisoned();
    const [id] = await register(POISON);
    let now = await failed();
    while (now.state === 'retrying') {
      await somebodyPasses();
      now = await nextTry(now);
    }
    expect(now.reason!.code).toBe('given-up');
    rig.crm.script = () => undefined;
    await rig.people.rename(id!, 'Bea');
    await rig.until(MAPPING, { verified: registered });
    expect(written(POISON)).toBe(1);
  });

  it('is tried for ever where the settings say so, and never more often for it', async () => {
    await rig.startWorker({ ...SCHEDULE, giveUpAfterMs: 0 }, clock);
    poisoned();
    await register(POISON);
    await failed();
    // As after a year: the count has come to its end, the waits go on.
    await rig.pool.query('update deliveries set tries = 32767 where tries > 0');
    await somebodyPasses();
    const now = await nextTry(await standing());
    expect(now).toMatchObject({ state: 'retrying', tries: 32_767 });
    expect(now.next!.getTime() - now.tried!.getTime()).toBeGreaterThanOrEqual(0.8 * 8 * HOUR_MS);
    await somebodyPasses();
  });

  it('is not asked sooner because the backend always says that it may be asked soon', async () => {
    await rig.startWorker(SCHEDULE, clock);
    rig.crm.script = () => ({ ...BROKEN, afterMs: 10, reason: { ...BROKEN.reason, status: 409 } });
    await register(POISON);
    let now = await failed();
    for (let i = 0; i < 4; i++) now = await nextTry(now);
    expect(now.next!.getTime() - now.tried!.getTime()).toBeGreaterThanOrEqual(0.8 * 16 * MINUTE_MS);
  });

  it('keeps its place in the schedule through a throttle', async () => {
    await rig.startWorker(SCHEDULE, clock);
    poisoned();
    await register(POISON);
    let now = await nextTry(await failed());
    const { tries } = now;
    const untilMs = clock.now().getTime() + HOUR_MS;
    rig.crm.script = () => ({ kind: 'throttled', untilMs, reason: BROKEN.reason });
    now = await nextTry(now);
    expect(now).toMatchObject({ state: 'retrying', tries });
    poisoned();
    expect((await nextTry(now)).tries).toBe(tries + 1);
  });
});

describe('A backend that is away for longer than a record is tried', { timeout: 90_000 }, () => {
  it('has no record given up: all wait, and all are written once when it is back', async () => {
    await rig.startWorker(SCHEDULE, clock);
    rig.crm.script = () => BROKEN;
    await register(POISON, 'a@example.com', 'b@example.com');
    let now = await failed();
    const began = clock.now().getTime();
    while (clock.now().getTime() - began < 5 * DAY_MS) now = await nextTry(now);
    expect(now).toMatchObject({ state: 'retrying', tries: LONGEST_AT });
    await expectBalanced({ retrying: 3 });
    rig.crm.script = () => undefined;
    await clock.moveOn(10 * HOUR_MS);
    await inTime(
      () => rig.ledger(MAPPING),
      ({ states }) => states.verified === 3,
    );
    await expectBalanced({ verified: 3 });
    expect(written(POISON)).toBe(1);
  });

  it('is not hidden by records that it never takes: one that may go through is tried before them', async () => {
    await rig.startWorker(SCHEDULE, clock);
    rig.crm.batchLimit = 1;
    const names: unknown[] = [];
    rig.crm.script = ({ records }) => {
      names.push(records[0]!.fields['Name']);
      return names.at(-1) === 'Bad' ? BROKEN : undefined;
    };
    const bad = Array.from({ length: 12 }, (_, i) => `bad-${i}@example.com`);
    await rig.pool.query('update lanes set paused = true');
    for (const id of await register(...bad)) await rig.people.rename(id, 'Bad');
    await rig.pool.query('update lanes set paused = false');
    await rig.until(MAPPING, { retrying: 12 });
    // All of them are due, and the destination is to be tried with one call.
    names.length = 0;
    await clock.moveOn(HOUR_MS);
    await register('good@example.com');
    await inTime(
      () => standing('good@example.com'),
      ({ state }) => state === 'verified',
    );
    // Until it came one or the other may have been tried.
    expect(names.indexOf('Ana')).toBeLessThan(4);
    await expectBalanced({ retrying: 12, verified: 1 });
  });
});

describe('A record that is to be taken out of its backend', { timeout: 90_000 }, () => {
  it('is tried for as long as it stands there, whatever the settings say', async () => {
    await rig.startWorker(SCHEDULE, clock);
    const [id] = await register(POISON);
    await rig.until(MAPPING, { verified: 1 });
    rig.crm.script = ({ what }) => (what === 'remove' ? BROKEN : undefined);
    await rig.pool.query(
      `select amend_registration(id, version, now(), attendee, answers, null, array['marketing'], array[false],
         array['1'], null) from registrations where id = $1`,
      [id],
    );
    let now = await failed();
    // Its days are nearly over: what else would be given up with the next try that fails.
    await rig.pool.query(`update deliveries set tries = $1 where state = 'retrying'`, [LAST - 1]);
    while (now.tries < LAST + 2) {
      await somebodyPasses();
      now = await nextTry(now);
    }
    expect(now.state).toBe('retrying');
    rig.crm.script = () => undefined;
    expect(await nextTry(now)).toMatchObject({ state: 'suppressed' });
    expect(rig.crm.all('Lead').some(({ fields }) => fields['Email'] === POISON)).toBe(false);
    await expectBalanced({ suppressed: 1, verified: registered - 1 });
  });
});

/** As an operator does for all that was given up. */
async function replay(): Promise<void> {
  await rig.pool.query(
    `insert into redeliveries (mapping, key, slot, whole)
     select mapping, key, slot, true from deliveries where reason::json ->> 'code' = 'given-up'`,
  );
}
