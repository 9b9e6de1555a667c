import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lease } from '../../src/changes/lease.js';
import { Lookout } from '../../src/changes/lookout.js';
import { freshDatabase } from '../support/database.js';
import { People } from '../support/people.js';

/** Longer than any of these waits for what it expects. */
const LONG_MS = 20_000;
const SHORT_MS = 100;
const LANES = 4;

let pool: pg.Pool;
let people: People;
let event: string;

beforeAll(async () => {
  pool = new pg.Pool({ connectionString: await freshDatabase() });
  people = new People(pool);
  event = await people.event('lookout');
});

afterAll(() => pool.end());

async function emptied(lane: number, stream = 'person'): Promise<Lease> {
  const { rows } = await pool.query<{ seq: string }>('select seq from change_head');
  const cursor = BigInt(rows[0]!.seq);
  return { mapping: stream, lane, lanes: LANES, stream, epoch: 1n, cursor, validUntilMs: Infinity };
}

async function slotOf(email: string): Promise<number> {
  const { rows } = await pool.query<{ slot: number }>(
    `select slot_of(id)::int as slot from persons where email_key = $1`,
    [email],
  );
  return rows[0]!.slot;
}

describe('The lookout', () => {
  it('calls the lanes back that something came for, while they linger, and no others', async () => {
    const lookout = new Lookout(pool);
    const lanes = await Promise.all(Array.from({ length: LANES }, (_, lane) => emptied(lane)));
    const called: number[] = [];
    const lingering = lanes.map(async (lease) => {
      const isThereMore = await lookout.linger(lease, LONG_MS);
      if (isThereMore) called.push(lease.lane);
      return isThereMore;
    });
    await people.register(event, ['comes@example.com']);
    expect(await Promise.race(lingering)).toBe(true);
    expect(called).toEqual([(await slotOf('comes@example.com')) % LANES]);
    lookout.onApplicationShutdown();
    const ended = await Promise.all(lingering);
    expect(ended.filter(Boolean)).toHaveLength(1);
    expect(await lookout.linger(lanes[0]!, LONG_MS), 'nobody lingers in a process that ends').toBe(false);
  });

  it('calls at once for what came before it looked', async () => {
    const lookout = new Lookout(pool);
    const lanes = await Promise.all(Array.from({ length: LANES }, (_, lane) => emptied(lane)));
    await people.register(event, ['early@example.com']);
    const ours = lanes[(await slotOf('early@example.com')) % LANES]!;
    expect(await lookout.linger(ours, LONG_MS)).toBe(true);
  });

  it('lets a lane go when nothing came in time, whatever came for other streams', async () => {
    const lookout = new Lookout(pool);
    const lease = await emptied(0, 'session');
    await people.register(event, ['elsewhere@example.com']);
    expect(await lookout.linger(lease, SHORT_MS)).toBe(false);
  });

  it('calls back a lane that is nudged: what is to be done stands in no log', async () => {
    const lookout = new Lookout(pool);
    const lingering = lookout.linger(await emptied(0, 'session'), LONG_MS);
    lookout.nudge({ mapping: 'session', lane: 0 });
    expect(await lingering).toBe(true);
  });
});
