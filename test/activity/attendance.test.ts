import fc from 'fast-check';
import pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase } from '../support/database.js';
import { isDeep } from '../support/environment.js';
import { People } from '../support/people.js';
import { addSession, type SignalRow, takeIn } from './signal-rows.js';

const RUNS = isDeep ? 1_000 : 60;
const START = Date.parse('2030-01-01T09:00:00Z');
const HORIZON = 400;

let pool: pg.Pool;
let people: People;
let event: string;
let session: string;

beforeAll(async () => {
  pool = new pg.Pool({ connectionString: await freshDatabase(), max: 8 });
  people = new People(pool);
  event = await people.event('dwell');
  session = await addSession(pool, event, 'opening');
});

afterAll(() => pool.end());

const at = (second: number): string => new Date(START + second * 1000).toISOString();

async function somebody(): Promise<string> {
  return (await people.register(event, [`${uuidv7()}@example.org`]))[0]!;
}

interface Seen {
  readonly session: boolean;
  readonly status: string;
  readonly mode: string | null;
  readonly seconds: number;
  readonly first: number;
  readonly last: number;
}

async function seen(registration: string): Promise<Seen[]> {
  const { rows } = await pool.query<Seen>(
    `select session_id is not null as session, status, mode, seconds,
            extract(epoch from first_seen_at - $2)::int as first, extract(epoch from last_seen_at - $2)::int as last
       from attendance where registration_id = $1 order by 1`,
    [registration, new Date(START)],
  );
  return rows;
}

/** What a platform may report: in seconds from the start, in a session or at the event alone. */
interface Report {
  readonly type: 'joined' | 'left' | 'checkedIn' | 'watched';
  readonly at: number;
  readonly length: number | null;
  readonly connection: string;
  readonly inSession: boolean;
}

const report: fc.Arbitrary<Report> = fc.record({
  type: fc.constantFrom('joined', 'left', 'checkedIn', 'watched'),
  at: fc.integer({ min: 0, max: HORIZON - 100 }),
  length: fc.option(fc.integer({ min: 0, max: 99 }), { nil: null }),
  connection: fc.constantFrom('', 'phone', 'desk'),
  inSession: fc.boolean(),
});

function rowOf(
  registration: string,
  { type, at: from, length, connection, inSession }: Report,
  i: number,
): SignalRow {
  const until = (type === 'joined' || type === 'watched') && length !== null ? at(from + length) : undefined;
  return {
    event,
    registration,
    sourceId: `${registration}/${i}`,
    type,
    at: at(from),
    ...(until === undefined ? {} : { until }),
    connection,
    session: inSession ? session : null,
  };
}

/** The same by counting seconds, one by one: slow, and sharing nothing with the product. */
function counted(reports: readonly Report[]): Seen | null {
  if (reports.length === 0) return null;
  const present = new Set<number>();
  const hasEnd = ({ type, length }: Report): boolean =>
    (type === 'joined' || type === 'watched') && length !== null;
  for (const one of reports.filter(hasEnd)) {
    for (let second = one.at; second < one.at + one.length!; second++) present.add(second);
  }
  for (const inSession of [true, false]) {
    for (const connection of ['', 'phone', 'desk']) {
      const line = reports.filter(
        (one) =>
          one.connection === connection &&
          one.inSession === inSession &&
          (one.type === 'joined' || one.type === 'left') &&
          !hasEnd(one),
      );
      const last = Math.max(...line.map((one) => one.at));
      let devices = 0;
      for (let second = 0; second < last; second++) {
        devices += line.filter((one) => one.at === second && one.type === 'joined').length;
        for (const one of line) if (one.at === second && one.type === 'left' && devices > 0) devices--;
        if (devices > 0) present.add(second);
      }
    }
  }
  return {
    session: false,
    status: 'attended',
    mode: reports.every(({ type }) => type === 'watched') ? 'onDemand' : 'live',
    seconds: present.size,
    first: Math.min(...reports.map((one) => one.at)),
    last: Math.max(...reports.map((one) => one.at + (hasEnd(one) ? one.length! : 0))),
  };
}

describe('Attendance', () => {
  it('is the union of all times of presence, in whatever order and batches they are told', async () => {
    const batches = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.array(report, { minLength: 1, maxLength: 14 }), batches, async (reports, sizes) => {
        const registration = await somebody();
        const rows = reports.map((one, i) => rowOf(registration, one, i));
        for (let i = 0, n = 0; i < rows.length; n++) {
          const size = sizes[n % sizes.length]!;
          expect(new Set(await takeIn(pool, rows.slice(i, i + size)))).toEqual(new Set(['accepted']));
          i += size;
        }
        const whole = counted(reports)!;
        const within = counted(reports.filter((one) => one.inSession));
        expect(await seen(registration)).toEqual([whole, ...(within ? [{ ...within, session: true }] : [])]);

        const other = await somebody();
        const reversed = reports.map((one, i) => rowOf(other, one, i)).reverse();
        await takeIn(pool, reversed);
        expect(await seen(other)).toEqual(await seen(registration));
      }),
      { numRuns: RUNS },
    );
  });

  it('counts two devices at once only once, and rejoining adds up', async () => {
    const registration = await somebody();
    const stay = (i: string, from: number, to: number): SignalRow[] => [
      {
        event,
        registration,
        session,
        sourceId: `${registration}${i}${from}`,
        type: 'joined',
        at: at(from),
        connection: i,
      },
      {
        event,
        registration,
        session,
        sourceId: `${registration}${i}${to}`,
        type: 'left',
        at: at(to),
        connection: i,
      },
    ];
    await takeIn(pool, [...stay('phone', 0, 120), ...stay('desk', 60, 180), ...stay('phone', 240, 300)]);
    expect((await seen(registration)).map(({ seconds }) => seconds)).toEqual([240, 240]);
  });

  it('gets no new version where a signal says nothing new', async () => {
    const registration = await somebody();
    const signal = { event, registration, session, type: 'watched', at: at(0), until: at(60) };
    expect(await takeIn(pool, [{ ...signal, sourceId: `${registration}-1` }])).toEqual(['accepted']);
    expect(await takeIn(pool, [{ ...signal, sourceId: `${registration}-1` }])).toEqual(['duplicate']);
    expect(await takeIn(pool, [{ ...signal, sourceId: `${registration}-2` }])).toEqual(['accepted']);
    const { rows } = await pool.query(`select distinct version from attendance where registration_id = $1`, [
      registration,
    ]);
    expect(rows).toEqual([{ version: 1 }]);
  });

  it('is exact when many writers tell of one person at once', async () => {
    const registration = await somebody();
    const spells = Array.from({ length: 40 }, (_, i) => ({
      event,
      registration,
      session,
      sourceId: `${registration}-${i}`,
      type: 'watched',
      at: at(i * 5),
      until: at(i * 5 + 10),
    }));
    await Promise.all(spells.map((spell) => takeIn(pool, [spell])));
    expect((await seen(registration)).map(({ seconds }) => seconds)).toEqual([205, 205]);
    const { rows } = await pool.query<{ versions: number[] }>(
      `select array_agg(c.version order by c.seq) as versions from changes c join attendance a on a.id = c.key
        where a.registration_id = $1 group by a.id`,
      [registration],
    );
    for (const { versions } of rows) expect(versions).toEqual(versions.map((_, i) => i + 1));
  });
});

describe('A signal of somebody who is not registered', () => {
  it('waits, and counts when they are', async () => {
    const email = `${uuidv7()}@example.org`;
    const early = { event, session, email, type: 'watched', at: at(0), until: at(60), sourceId: email };
    expect(await takeIn(pool, [early])).toEqual(['unresolved']);
    expect(await takeIn(pool, [early])).toEqual(['duplicate']);
    const [registration] = await people.register(event, [email]);
    expect((await seen(registration!)).map(({ seconds }) => seconds)).toEqual([60, 60]);
    const { rows } = await pool.query<{ stream: string }>(
      `select stream from changes where person_id = (select person_id from registrations where id = $1) order by seq`,
      [registration],
    );
    expect(rows.map(({ stream }) => stream)).toEqual([
      'registration',
      'person',
      'attendance',
      'attendance',
      'interaction',
    ]);
    const person = await pool.query<{ snapshot: { attendance: object[] } }>(
      `select snapshot from changes where stream = 'person' order by seq desc limit 1`,
    );
    expect(person.rows[0]!.snapshot.attendance).toMatchObject([{ minutes: 1, sessionCode: 'opening' }]);
  });

  it('is found by an id of the platform once that id was told together with an e-mail', async () => {
    const [externalId, email] = [uuidv7(), `${uuidv7()}@example.org`];
    const signal = { event, session, type: 'watched', at: at(0), until: at(60), externalId };
    expect(await takeIn(pool, [{ ...signal, sourceId: `${externalId}-1` }])).toEqual(['unresolved']);
    const [registration] = await people.register(event, [email]);
    expect(await takeIn(pool, [{ ...signal, sourceId: `${externalId}-2`, email }])).toEqual(['accepted']);
    expect(await takeIn(pool, [{ ...signal, sourceId: `${externalId}-3`, until: at(120) }])).toEqual([
      'accepted',
    ]);
    expect((await seen(registration!)).map(({ seconds }) => seconds)).toEqual([120, 120]);
  });

  it('is never left behind by a registration that is made at the same moment', async () => {
    const emails = Array.from({ length: 40 }, () => `${uuidv7()}@example.org`);
    const ids = await Promise.all(
      emails.flatMap((email) => [
        people.register(event, [email]).then(([id]) => id!),
        takeIn(pool, [{ event, email, type: 'checkedIn', at: at(0), sourceId: email }]).then(() => null),
      ]),
    );
    const registrations = ids.filter((id) => id !== null);
    const { rows } = await pool.query('select from attendance where registration_id = any($1)', [
      registrations,
    ]);
    expect(rows).toHaveLength(registrations.length);
  });
});

describe('Who was not seen when all was over', () => {
  it('is a no-show, until a late signal says otherwise', async () => {
    const over = await people.event(`over-${uuidv7()}`);
    const [here, away] = await people.register(over, [`${uuidv7()}@example.org`, `${uuidv7()}@example.org`]);
    const seenAt = { event: over, type: 'checkedIn', at: at(0) };
    await takeIn(pool, [{ ...seenAt, registration: here!, sourceId: 'here' }]);
    const { rows } = await pool.query<{ n: number }>('select record_no_shows($1, null, 100, now()) as n', [
      over,
    ]);
    expect(rows).toEqual([{ n: 1 }]);
    expect(await seen(away!)).toMatchObject([{ status: 'no-show', mode: null, seconds: 0 }]);
    expect(await seen(here!)).toMatchObject([{ status: 'attended' }]);
    await takeIn(pool, [{ ...seenAt, registration: away!, sourceId: 'late' }]);
    expect(await seen(away!)).toMatchObject([{ status: 'attended', mode: 'live' }]);
  });
});
