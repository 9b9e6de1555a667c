import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uuidv7 } from 'uuidv7';
import { freshDatabase } from '../support/database.js';
import { People } from '../support/people.js';
import { waitFor } from '../support/wait-for.js';

const WRITERS = 8;
const TRANSACTIONS_EACH = 15;

let pool: pg.Pool;
let people: People;

beforeAll(async () => {
  pool = new pg.Pool({ connectionString: await freshDatabase(), max: WRITERS + 4 });
  people = new People(pool);
});

afterAll(() => pool.end());

/** Appends one change in the client's transaction and says its number. */
async function append(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ seq: string }>(
    `select append_changes(array['person'], array[$1::uuid], array[1], array['person.updated'],
       array[$1::uuid], array[null::uuid], array[null::uuid], array['{}'::json]) as seq`,
    [uuidv7()],
  );
  return Number(rows[0]!.seq);
}

async function head(): Promise<number> {
  const { rows } = await pool.query<{ seq: string }>('select seq from change_head');
  return Number(rows[0]!.seq);
}

async function pidOf(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]!.pid;
}

async function waitsForALock(pid: number): Promise<void> {
  await waitFor(
    () =>
      pool.query<{ on: string | null }>('select wait_event_type as on from pg_stat_activity where pid = $1', [
        pid,
      ]),
    ({ rows }) => rows[0]?.on === 'Lock',
  );
}

/** Two connections, each in an open transaction. */
async function twoWriters(
  work: (first: pg.PoolClient, second: pg.PoolClient) => Promise<void>,
): Promise<void> {
  const [first, second] = [await pool.connect(), await pool.connect()];
  try {
    await first.query('begin');
    await second.query('begin');
    await work(first, second);
  } finally {
    first.release(true);
    second.release(true);
  }
}

/** Reads on from `cursor`, again and again, until `isOver` was true before a read. */
async function readAlong(cursor: number, isOver: () => boolean): Promise<number[]> {
  const seen: number[] = [];
  for (;;) {
    const isLast = isOver();
    const { rows } = await pool.query<{ seq: string }>(
      'select seq from changes where seq > $1 order by seq',
      [seen.at(-1) ?? cursor],
    );
    seen.push(...rows.map(({ seq }) => Number(seq)));
    if (isLast) return seen;
  }
}

describe('The change log', () => {
  it('shows a reader every change once and in order while many write', async () => {
    const events = await Promise.all(Array.from({ length: WRITERS }, (_, n) => people.event(`many-${n}`)));
    const begin = await head();
    let isOver = false;
    const reading = readAlong(begin, () => isOver);
    const writing = events.map(async (event, n) => {
      for (let i = 0; i < TRANSACTIONS_EACH; i++) {
        await people.register(event, [`w${n}-${i}a@example.com`, `w${n}-${i}b@example.com`]);
      }
    });
    await Promise.all(writing);
    isOver = true;
    const many = WRITERS * TRANSACTIONS_EACH * 2 * 2; // two registrations and their two persons each time
    expect(await reading).toEqual(Array.from({ length: many }, (_, i) => begin + 1 + i));
  });

  it('lets no later number be seen before an earlier one', async () => {
    await twoWriters(async (first, second) => {
      const pid = await pidOf(second);
      const earlier = await append(first);
      const later = append(second);
      await waitsForALock(pid);
      await first.query('commit');
      expect(await later).toBe(earlier + 1);
      await second.query('commit');
    });
  });

  it('leaves no gap where a writer gives up', async () => {
    const before = await head();
    await twoWriters(async (first, second) => {
      await append(first);
      await first.query('rollback');
      expect(await append(second)).toBe(before + 1);
      await second.query('commit');
    });
    expect(await head()).toBe(before + 1);
  });
});

describe('A change', () => {
  it('carries the record as its transaction left it, whatever the transaction did', async () => {
    const event = await people.event('left');
    await pool.query('update events set capacity = 1 where id = $1', [event]);
    const [first, second] = await people.register(event, ['first@example.com', 'second@example.com']);
    await people.rename(second!, 'Bea');
    await people.cancel(first!);
    const { rows } = await pool.query<{ is: string; was: string; topic: string }>(
      `select s.snapshot::text as is, c.snapshot::text as was, c.topic
         from registration_snapshots($1) s
         join lateral (select * from changes where key = s.key order by version desc limit 1) c on true
        union all
       select s.snapshot::text, c.snapshot::text, c.topic
         from person_snapshots(array(select person_id from registrations where id = any($1))) s
         join lateral (select * from changes where key = s.key order by version desc limit 1) c on true`,
      [[first, second]],
    );
    expect(rows).toHaveLength(4);
    for (const { is, was } of rows) expect(JSON.parse(was)).toEqual(JSON.parse(is));
    expect(rows.map(({ topic }) => topic).sort()).toEqual([
      'person.updated',
      'person.updated',
      'registration.cancelled',
      'registration.promoted',
    ]);
  });
});
