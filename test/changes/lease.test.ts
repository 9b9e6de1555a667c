import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  assertValid,
  handBack,
  type Lease,
  LeaseLostError,
  releaseLease,
  renewLease,
  takeLease,
} from '../../src/changes/lease.js';
import { freshDatabase } from '../support/database.js';
import { People } from '../support/people.js';

const LONG_MS = 60_000;
/** Over before the next statement begins. */
const OVER_MS = -1;
const PLACE = { mapping: 'test.mapping', lane: 0 };

let pool: pg.Pool;
let people: People;
let event: string;

beforeAll(async () => {
  pool = new pg.Pool({ connectionString: await freshDatabase() });
  people = new People(pool);
  event = await people.event('leases');
});

afterAll(() => pool.end());

beforeEach(async () => {
  await pool.query('delete from lanes');
  await pool.query(
    `insert into lanes (mapping, lane, lanes, stream, cursor) select $1, $2, 1, 'person', seq from change_head`,
    [PLACE.mapping, PLACE.lane],
  );
});

async function take(owner: string, leaseMs = LONG_MS): Promise<Lease> {
  const lease = await takeLease(pool, PLACE, owner, leaseMs);
  expect(lease, `${owner} takes the lane`).not.toBeNull();
  return lease!;
}

async function owner(): Promise<string | null> {
  const { rows } = await pool.query<{ owner: string | null }>('select owner from lanes');
  return rows[0]!.owner;
}

describe('A lane', () => {
  it('has one holder, however many ask at once', async () => {
    const asked = Array.from({ length: 8 }, (_, n) => takeLease(pool, PLACE, `worker ${n}`, LONG_MS));
    const taken = (await Promise.all(asked)).filter((lease) => lease !== null);
    expect(taken).toHaveLength(1);
  });

  it('of a worker that no longer answers falls to the next', async () => {
    const dead = await take('dead', OVER_MS);
    const alive = await take('alive');
    expect(alive.epoch).toBeGreaterThan(dead.epoch);
  });

  it('that is paused is taken by nobody', async () => {
    await pool.query('update lanes set paused = true');
    expect(await takeLease(pool, PLACE, 'anyone', LONG_MS)).toBeNull();
  });

  it('that was taken by another can be neither renewed nor given back by its former holder', async () => {
    const former = await take('former', OVER_MS);
    await take('present');
    await expect(renewLease(pool, former, LONG_MS)).rejects.toThrow(LeaseLostError);
    expect(await releaseLease(pool, former, null)).toBe(false);
    await handBack(pool, former, 0);
    expect(await owner()).toBe('present');
  });

  it('allows nothing any more once its time is over, though nobody else has taken it', async () => {
    const late = await take('late', OVER_MS);
    expect(() => assertValid(late)).toThrow(LeaseLostError);
    await renewLease(pool, late, LONG_MS);
    expect(() => assertValid(late)).not.toThrow();
  });

  it('allows nothing any more once it was handed back, though a renewal was under way', async () => {
    const lease = await take('holder');
    const renewed = renewLease(pool, lease, LONG_MS);
    const handedBack = handBack(pool, lease, 0);
    expect(() => assertValid(lease), 'from before the next can take it').toThrow(LeaseLostError);
    await Promise.all([renewed, handedBack]);
    expect(() => assertValid(lease)).toThrow(LeaseLostError);
  });
});

describe('A lane is given back', () => {
  it('only when nothing came in since it was last read: a bell that was turned away is not lost', async () => {
    const lease = await take('holder');
    await people.register(event, ['meanwhile@example.com']);
    expect(await releaseLease(pool, lease, null)).toBe(false);
    expect(await owner()).toBe('holder');
    await pool.query('update lanes set cursor = (select seq from change_head)');
    expect(await releaseLease(pool, lease, null)).toBe(true);
    expect(await owner()).toBeNull();
  });

  it('though something came in for other lanes and other streams', async () => {
    const lease = await take('holder');
    await pool.query(`update lanes set stream = 'attendance'`);
    await people.register(event, ['elsewhere@example.com']);
    expect(await releaseLease(pool, { ...lease, stream: 'attendance' }, null)).toBe(true);
  });

  it('with the time at which what is parked in it falls due', async () => {
    const lease = await take('holder');
    await releaseLease(pool, lease, 5_000);
    const { rows } = await pool.query<{ in: number }>(
      'select extract(epoch from due - clock_timestamp())::float8 as in from lanes',
    );
    expect(rows[0]!.in).toBeGreaterThan(0);
    expect(rows[0]!.in).toBeLessThanOrEqual(5);
  });
});
