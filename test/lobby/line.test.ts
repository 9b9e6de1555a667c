import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { LineLedger } from '../../src/lobby/line-ledger.js';
import { freshDatabase } from '../support/database.js';
import { putRoom } from './put-room.js';
import { until } from './until.js';

const OWNER = uuidv7();
let pool: pg.Pool;
let ledger: LineLedger;
let event: string;
let epoch: string;

beforeAll(async () => {
  pool = new pg.Pool({ connectionString: await freshDatabase(), max: 4 });
  ledger = new LineLedger(pool);
  epoch = (await ledger.lease(OWNER, 600_000))!;
});
afterAll(() => pool.end());

/** A room for one at a time. */
beforeEach(async () => {
  const slug = `rush-${uuidv7()}`;
  const room = { slug, maxActive: 1, maxPerMinute: 1_000, passSeconds: 60, claimSeconds: 10, issued: 9 };
  event = await putRoom(pool, room);
});

type Client = pg.Pool | pg.PoolClient;
async function rowsOf<Row extends pg.QueryResultRow>(
  text: string,
  values: unknown[] = [],
  on: Client = pool,
): Promise<Row[]> {
  return (await on.query<Row>(text, values)).rows;
}
const checkIn = (number: number) => rowsOf('select lobby_check_in($1, $2, $3)', [event, [number], [0]]);
async function step(on: Client = pool): Promise<number> {
  const text = 'select released from lobby_step($1, $2, 5, 0, 9)';
  return (await rowsOf<{ released: number }>(text, [event, epoch], on))[0]!.released;
}
const activeOf = async () => (await ledger.look([event], [event])).get(event)!.active;
const calls = () =>
  rowsOf<{ number: number; turn: number }>(
    'select number::int, turn from lobby_calls where event_id = $1 order by number',
    [event],
  );
async function reserve(block: string): Promise<number> {
  const text = 'select first::int from lobby_reserve($1, $2, $3, 5)';
  return (await rowsOf<{ first: number }>(text, [event, OWNER, block]))[0]!.first;
}

it('Who checks in at the moment of being called gets one slot, not two', async () => {
  await checkIn(1);
  await checkIn(2);
  const client = await pool.connect();
  try {
    await client.query('begin');
    expect(await step(client)).toBe(1);
    const late = checkIn(1);
    // It waits for the row that the step is taking away.
    await until(
      async () =>
        (
          await rowsOf(
            `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
          )
        ).length > 0,
    );
    await client.query('commit');
    await late;
  } finally {
    client.release();
  }
  await pool.query('update lobbies set max_active = 2 where event_id = $1', [event]);
  expect(await step()).toBe(1);
  expect(await calls()).toEqual([
    { number: 1, turn: 0 },
    { number: 2, turn: 0 },
  ]);
});

it('A slot whose lease is being made longer is given to nobody else', async () => {
  await checkIn(1);
  await checkIn(2);
  expect(await step()).toBe(1);
  await pool.query(
    `update lobby_calls set until = clock_timestamp() + interval '300 ms' where event_id = $1`,
    [event],
  );
  const client = await pool.connect();
  try {
    await client.query('begin');
    const claim = `select state from lobby_claim($1, 1, interval '1 min')`;
    expect(await rowsOf(claim, [event], client)).toEqual([{ state: 'called' }]);
    await client.query(`select pg_sleep_until(clock_timestamp() + interval '350 ms')`);
    expect(await activeOf()).toBe(1);
    expect(await step()).toBe(0);
    await client.query('commit');
  } finally {
    client.release();
  }
  expect(await activeOf()).toBe(1);
  await pool.query('update lobby_calls set until = clock_timestamp() where event_id = $1', [event]);
  expect(await activeOf(), 'and is free once its time is over').toBe(0);
  expect(await step()).toBe(1);
});

it('A block of numbers asked for again, after its answer was lost, is the same block', async () => {
  const [block, next] = [uuidv7(), uuidv7()];
  const first = await reserve(block);
  expect(await reserve(block)).toBe(first);
  expect(await reserve(next)).toBe(first + 5);
});

it('What nobody asks for any more is taken away, and nothing else', async () => {
  await pool.query(
    `insert into lobby_calls (event_id, number, turn, seq, called_at, until, ended_at, ending)
     select $1, n, 0, n, now() - days, now() - days, case when n <> 3 then now() - days end, 'registered'
     from unnest(array[1, 2, 3], array[interval '10 days', interval '8 days', interval '10 days']) c (n, days)`,
    [event],
  );
  await pool.query('insert into lobby_voids select $1, n from unnest(array[2, 7]) n', [event]);
  await pool.query('update lobby_lines set called = 5 where event_id = $1', [event]);
  await reserve(uuidv7());
  await pool.query(`update lobby_blocks set at = now() - interval '1 hour'`);
  await ledger.sweep();
  expect((await calls()).map(({ number }) => number)).toEqual([2, 3]);
  const left = await rowsOf(
    'select (select count(*)::int from lobby_blocks) as blocks, array(select number::int from lobby_voids) as voids',
  );
  expect(left).toEqual([{ blocks: 0, voids: [7] }]);
});

it('What an earlier releaser still asks for is refused', async () => {
  await checkIn(1);
  const stale = String(Number(epoch) - 1);
  const rows = await rowsOf('select released from lobby_step($1, $2, 5, 0, 9)', [event, stale]);
  expect(rows).toEqual([{ released: 0 }]);
  expect(await step()).toBe(1);
});

it('A slice counts whole until it is given back, once; and nobody goes past those who wait', async () => {
  const slice = uuidv7();
  const book = () => rowsOf(`select lobby_book($1, $2, 3, interval '5 s') as size`, [event, slice]);
  const giveBack = (used: number) => rowsOf('select lobby_give_back($1, $2)', [[slice], [used]]);
  const lineOf = async () => (await ledger.look([event], [event])).get(event)!;
  await rowsOf(`update lobbies set mode = 'auto', max_active = 2 where event_id = $1`, [event]);
  expect(await book(), 'nine wait').toEqual([{ size: 0 }]);
  await rowsOf('update lobby_lines set called = issued where event_id = $1', [event]);
  expect(await book()).toEqual([{ size: 2 }]);
  expect(await lineOf()).toMatchObject({ active: 2, released: 2 });
  await checkIn(9);
  expect(await step()).toBe(0);
  await giveBack(1);
  await giveBack(0);
  expect(await lineOf()).toMatchObject({ active: 0, released: 1 });
  expect(await step()).toBe(1);
});
