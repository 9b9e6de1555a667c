import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lease } from '../../src/changes/lease.js';
import { Lookout } from '../../src/changes/lookout.js';
import { freshDatabase } from '../support/database.js';
import { People } from '../support/people.js';
import { waitFor } from '../support/wait-for.js';

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

  it('calls back a lane that lingers again before a slow look has come to what it began for', async () => {
    const begun: (() => void)[] = [];
    const slow = {
      query: async (look: pg.QueryConfig) => {
        await new Promise<void>((go) => begun.push(go));
        return pool.query(look);
      },
    } as unknown as pg.Pool;
    const lookout = new Lookout(slow);
    const lanes = await Promise.all(Array.from({ length: LANES }, (_, lane) => emptied(lane)));
    await people.register(event, ['late@example.com']);
    const ours = lanes[(await slotOf('late@example.com')) % LANES]!;
    const before = lookout.linger(ours, LONG_MS);
    lookout.nudge(ours);
    expect(await before).toBe(true);
    const again = lookout.linger(ours, LONG_MS);
    for (let look = 0; look < 2; look++) {
      await waitFor(
        () => begun.length,
        (many) => many > look,
      );
      begun[look]!();
    }
    expect(await again).toBe(true);
  });
});

/** A stream that grows by so many changes a second up to each look at it: no stall of the machine slows it. */
class GrowingStream {
  looks = 0;
  private seq = 0;
  private grewAtMs = performance.now();

  constructor(public perSecond: number) {}

  readonly looked = {
    query: async (look: pg.QueryConfig) => {
      this.looks++;
      await this.grow();
      return pool.query(look);
    },
  } as unknown as pg.Pool;

  /** Where a lane stands that has read all of it. */
  get cursor(): bigint {
    return BigInt(this.seq);
  }

  /** Only the newest change is written: the lookout looks at no other. */
  private async grow(): Promise<void> {
    const now = performance.now();
    const many = Math.floor(((now - this.grewAtMs) / 1000) * this.perSecond);
    this.grewAtMs = now;
    if (many === 0) return;
    this.seq += many;
    await pool.query(
      `insert into changes (seq, stream, key, version, topic, slot, snapshot, at)
       values ($1, 'growing', gen_random_uuid(), 1, 'grown', 0, '{}', now())`,
      [this.seq],
    );
  }
}

describe('In a rush', () => {
  /** Far more than counts as one, however unevenly it is measured. */
  const RUSH_PER_SECOND = 10_000;
  const UNTIL_NOTICED_MS = 600;
  const LOOKS = 5;
  /** Less than the gap of a rush, and many times the usual one. */
  const APART_MS = 150;
  /** With the gap of a rush these would take twenty seconds. */
  const LOOKS_AFTER = 100;
  const LOOKS_AFTER_MS_MAX = 10_000;

  it('looks are spaced, no lane goes unread, and when it is over they are as many as ever', async () => {
    const stream = new GrowingStream(RUSH_PER_SECOND);
    const lookout = new Lookout(stream.looked);
    const linger = (ms: number): Promise<boolean> =>
      lookout.linger(
        {
          mapping: 'growing',
          lane: 0,
          lanes: 1,
          stream: 'growing',
          epoch: 1n,
          cursor: stream.cursor,
          validUntilMs: Infinity,
        },
        ms,
      );
    for (const end = performance.now() + UNTIL_NOTICED_MS; performance.now() < end;) await linger(SHORT_MS);

    const [begin, before] = [performance.now(), stream.looks];
    const found: boolean[] = [];
    for (let n = 0; n < LOOKS; n++) found.push(await linger(SHORT_MS));
    expect(found, 'though it lingers for less than the gap').toEqual(Array(LOOKS).fill(true));
    expect(stream.looks - before).toBe(LOOKS);
    expect(performance.now() - begin).toBeGreaterThan((LOOKS - 1) * APART_MS);

    stream.perSecond = 0;
    const lingering = linger(LONG_MS);
    const ended = stream.looks;
    await waitFor(
      () => stream.looks - ended,
      (looks) => looks >= LOOKS_AFTER,
      LOOKS_AFTER_MS_MAX,
    );
    stream.perSecond = RUSH_PER_SECOND;
    expect(await lingering).toBe(true);
  });
});
