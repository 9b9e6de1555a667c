import { afterAll, beforeAll, expect, it } from 'vitest';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { freshDatabase } from '../support/database.js';
import { judge, type Verdict } from './judge.js';
import { putRoom } from './put-room.js';

let databaseUrl: string;
let pool: pg.Pool;

beforeAll(async () => {
  databaseUrl = await freshDatabase();
  pool = new pg.Pool({ connectionString: databaseUrl, max: 4 });
});
afterAll(() => pool.end());

/** Times in seconds since a moment some minutes ago. */
const BEGAN_MS = Date.now() - 600_000;
const at = (seconds: number): Date => new Date(BEGAN_MS + seconds * 1000);

interface Story {
  readonly calls?: readonly { number: number; from: number; to: number; registered?: boolean }[];
  readonly slices?: readonly { size: number; used: number; from: number; to: number }[];
  /** Without a pass: when it was asked for, and when it was written. */
  readonly straight?: readonly { asked: number; at: number }[];
  readonly notes?: readonly ({ s: number } & Record<string, unknown>)[];
}

/** Of a room for two at once and three a minute. */
async function verdictOn({ calls = [], slices = [], straight = [], notes = [] }: Story): Promise<Verdict> {
  const slug = `rush-${uuidv7()}`;
  const event = await putRoom(pool, {
    slug,
    maxActive: 2,
    maxPerMinute: 3,
    passSeconds: 60,
    claimSeconds: 10,
  });
  const lines: Record<string, unknown>[] = notes.map(({ s, ...note }) => ({
    t: BEGAN_MS + s * 1000,
    ...note,
  }));
  const registered = async (seconds: number): Promise<string> => {
    const id = uuidv7();
    await pool.query(
      `insert into registrations (id, event_id, person_id, status, version, attendee, answers, created_at, updated_at)
       values ($1, $2, $1, 'confirmed', 1, '{}', '{}', $3, $3)`,
      [id, event, at(seconds)],
    );
    return id;
  };
  for (const [seq, { number, from, to, registered: isRegistered }] of calls.entries()) {
    const id = isRegistered ? await registered(to) : null;
    await pool.query(
      `insert into lobby_calls (event_id, number, turn, seq, called_at, until, ended_at, ending, registration_id)
       values ($1, $2, 0, $3, $4, $5, $5, $6, $7)`,
      [event, number, seq, at(from), at(to), isRegistered ? 'registered' : 'lapsed', id],
    );
    if (id) lines.push({ t: BEGAN_MS + to * 1000, what: 'registered', number, id });
  }
  for (const { size, used, from, to } of slices)
    await pool.query(
      `insert into lobby_slices (id, event_id, size, used, booked_at, until, returned_at)
       values (gen_random_uuid(), $1, $2, $3, $4, $5, $5)`,
      [event, size, used, at(from), at(to)],
    );
  for (const { asked, at: written } of straight) {
    const id = await registered(written);
    lines.push({ t: BEGAN_MS + written * 1000, what: 'registered', id, asked: BEGAN_MS + asked * 1000 });
  }
  const log = path.join(mkdtempSync(path.join(tmpdir(), 'foyer-oracle-')), 'log.jsonl');
  writeFileSync(log, lines.map((line) => JSON.stringify(line)).join('\n'));
  return judge(databaseUrl, event, log);
}

const CALM: Story = {
  slices: [{ size: 2, used: 1, from: 0, to: 1 }],
  straight: [{ asked: 0.2, at: 0.3 }],
  calls: [
    { number: 1, from: 3, to: 8, registered: true },
    { number: 2, from: 4, to: 9, registered: true },
    { number: 3, from: 61.5, to: 66, registered: true },
  ],
  notes: [
    { s: 2, what: 'joined', number: 1 },
    { s: 2, what: 'joined', number: 2 },
    { s: 2, what: 'shown', number: 2, is: 2 },
    { s: 2, what: 'present', number: 1 },
    { s: 2, what: 'present', number: 2 },
    { s: 5, what: 'joined', number: 3 },
    { s: 5, what: 'present', number: 3 },
  ],
};

it('The oracle finds nothing in a room that kept to its rules, and says how long the minute held it up', async () => {
  const verdict = await verdictOn(CALM);
  expect(verdict).toMatchObject({ violations: [], acknowledged: 4, registered: 3, straight: 1 });
  expect(verdict).toMatchObject({ activeMax: 2, minuteMax: 3, usePercent: expect.any(Number) as number });
  // From when a slot was free until the minute of who had come straight through was over.
  expect(verdict.minuteBoundSeconds).toBeCloseTo(53, 0);
  expect(verdict.offerMs.max).toBe(2_000);
});

const more = (story: Story): Story => ({
  calls: [...CALM.calls!, ...(story.calls ?? [])],
  slices: [...CALM.slices!, ...(story.slices ?? [])],
  straight: [...CALM.straight!, ...(story.straight ?? [])],
  notes: [...CALM.notes!, ...(story.notes ?? [])],
});

it.concurrent.each<[what: string, story: Story, said: RegExp]>([
  ['a slot too many', more({ slices: [{ size: 1, used: 0, from: 5, to: 6 }] }), /^3 slots held/],
  [
    'a call too many in a minute',
    more({ calls: [{ number: 4, from: 60.5, to: 61 }] }),
    /^4 released in the minute/,
  ],
  [
    'a slice that counts only once it is given back',
    more({ slices: [{ size: 2, used: 0, from: 20, to: 21 }] }),
    /^5 released in the minute/,
  ],
  [
    'more straight through than was booked',
    more({ straight: [{ asked: 0.4, at: 0.5 }] }),
    /^2 came straight through, 1 were booked/,
  ],
  [
    'more through in a minute than the slices own up to',
    {
      slices: [
        { size: 2, used: 2, from: 0, to: 1 },
        { size: 2, used: 2, from: 70, to: 71 },
      ],
      straight: [
        { asked: 70.1, at: 70.1 },
        { asked: 70.2, at: 70.2 },
        { asked: 70.3, at: 70.3 },
        { asked: 70.4, at: 70.4 },
      ],
    },
    /^more than 3 came through in the minute/,
  ],
  [
    'somebody called before another who was there',
    more({ notes: [{ s: 2, what: 'present', number: 0 }] }),
    /^1 was called before 0, who was present/,
  ],
  [
    'somebody straight through past another who was there',
    more({
      slices: [{ size: 1, used: 1, from: 61.2, to: 61.4 }],
      straight: [{ asked: 61.2, at: 61.3 }],
    }),
    /came straight through past 3, who was present/,
  ],
  ['a number given twice', more({ notes: [{ s: 6, what: 'joined', number: 3 }] }), /^3 was given twice/],
  ['a number lost', more({ notes: [{ s: 6, what: 'shown', number: 3, is: 4 }] }), /^3 was shown again as 4/],
  [
    'a registration lost',
    more({ notes: [{ s: 7, what: 'registered', number: 1, id: uuidv7() }] }),
    /was acknowledged and is not there/,
  ],
])('The oracle finds %s', async (_what, story, said) => {
  const { violations } = await verdictOn(story);
  expect(violations.filter((violation) => said.test(violation)).length).toBeGreaterThan(0);
});
