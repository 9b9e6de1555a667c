import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { assertValid, type Lease, LeaseLostError, takeLease } from '../../src/changes/lease.js';
import { Calls } from '../../src/pipelines/calls.js';
import type { Write } from '../../src/pipelines/decide.js';
import type { Delivery, Settlement, Taken } from '../../src/pipelines/delivery.js';
import { unchanged } from '../../src/pipelines/delivery.js';
import { Holds } from '../../src/pipelines/holds.js';
import { adoptOpenIntents, batches, intend } from '../../src/pipelines/intend.js';
import { type Attempt, settle } from '../../src/pipelines/settle.js';
import { createLogger } from '../../src/platform/logger.js';
import { freshDatabase } from '../support/database.js';
import { ScriptedBackend } from './scripted-backend.js';

const PLACE = { mapping: 'test.mapping', lane: 0 };
const KEY = '0190a000-0000-7000-8000-000000000001';
const IN_A_MINUTE = new Date(Date.now() + 60_000);
const ADOPTION = { now: new Date(), recheckAt: IN_A_MINUTE, isRepeatable: true, isReadable: true };
const LONG_MS = 60_000;
const OVER_MS = -1;
const STOPPED_MS = 300;
const QUIET = createLogger('silent');

let pool: pg.Pool;

beforeAll(async () => {
  pool = new pg.Pool({ connectionString: await freshDatabase() });
});

afterAll(() => pool.end());

beforeEach(async () => {
  await pool.query('truncate lanes, deliveries, intents, attempts, attempt_failures');
  await pool.query(`insert into lanes (mapping, lane, lanes, stream) values ($1, 0, 1, 'person')`, [
    PLACE.mapping,
  ]);
});

function taken(version: number, previous: Partial<Delivery> | null = null): Taken {
  return { key: KEY, slot: 1, version, snapshot: {}, previous: previous as Delivery | null };
}

function verified(version: number, name: string): Settlement {
  return { ...unchanged(taken(version)), state: 'verified', sent: true, shadow: { name } };
}

function write(version: number): Write {
  return { kind: 'write', taken: taken(version), key: KEY, fields: {}, goal: 'verified', reason: null };
}

async function take(leaseMs = LONG_MS): Promise<Lease> {
  return (await takeLease(pool, PLACE, 'a worker', leaseMs))!;
}

async function delivery(): Promise<Record<string, unknown> | undefined> {
  const { rows } = await pool.query<Record<string, unknown>>(
    'select version, wanted, state, sent, shadow, next_attempt_at, recheck_at from deliveries',
  );
  return rows[0];
}

async function count(table: string): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(`select count(*)::int as n from ${table}`);
  return rows[0]!.n;
}

describe('A worker whose lane was taken over', () => {
  it('can write no result any more: neither delivery, evidence, cursor nor intent', async () => {
    const stale = await take(OVER_MS);
    const [batch] = batches([write(1)], 10);
    await intend(pool, stale, [batch!], 1, IN_A_MINUTE);
    await take();
    const attempt: Attempt = {
      id: batch!.id,
      at: new Date(),
      deadline: IN_A_MINUTE,
      requestId: null,
      status: 200,
      keys: [KEY],
      versions: [1],
      failures: [],
    };
    await expect(settle(pool, stale, 1, [verified(1, 'stale')], [attempt], 99n)).rejects.toThrow(
      LeaseLostError,
    );
    expect(await delivery()).toBeUndefined();
    expect(await count('attempts')).toBe(0);
    expect(await count('intents')).toBe(1);
    const { rows } = await pool.query<{ cursor: string; settled: string }>(
      'select cursor, settled from lanes',
    );
    expect(rows[0]).toEqual({ cursor: '0', settled: '0' });
  });

  it('can announce no further write', async () => {
    const stale = await take(OVER_MS);
    await take();
    await expect(intend(pool, stale, batches([write(1)], 10), 1, IN_A_MINUTE)).rejects.toThrow(
      LeaseLostError,
    );
    expect(await count('intents')).toBe(0);
  });
});

describe('A worker that was stopped while it waited for its turn to call', () => {
  it('sends nothing when it goes on and its lane has another holder', async () => {
    const lease = await take(STOPPED_MS / 2);
    const calls = new Calls(pool, new ScriptedBackend('crm'), new Holds(), QUIET, () => new Date());
    const mine = (): void => assertValid(lease);
    const { signal } = new AbortController();
    const before = await calls.open(signal, mine);
    const late = await calls.open(signal, mine);
    if (typeof before !== 'function' || typeof late !== 'function') throw new Error('no turn was given');
    await before();
    // As SIGSTOP does it: no timer of ours runs meanwhile.
    for (const until = performance.now() + STOPPED_MS; performance.now() < until;);
    await take();
    await expect(late()).rejects.toThrow(LeaseLostError);
  });
});

describe('A lane that is paused', () => {
  it('begins no further write, though its worker was busy with it', async () => {
    const lease = await take();
    await pool.query('update lanes set paused = true');
    await expect(intend(pool, lease, batches([write(1)], 10), 1, IN_A_MINUTE)).rejects.toThrow(
      LeaseLostError,
    );
    expect(await count('intents')).toBe(0);
    await settle(pool, lease, 1, [verified(1, 'what was under way is still written')], [], 1n);
    expect(await delivery()).toMatchObject({ version: 1 });
  });
});

describe('A result', () => {
  it('of an older version never replaces that of a newer one', async () => {
    const lease = await take();
    await settle(pool, lease, 1, [verified(5, 'newer')], [], 1n);
    await settle(pool, lease, 1, [verified(4, 'older')], [], 2n);
    expect(await delivery()).toMatchObject({ version: 5, shadow: '{"name":"newer"}' });
  });

  it('counts every version it answers: one as settled, those it overtook as superseded', async () => {
    const lease = await take();
    await settle(pool, lease, 1, [verified(3, 'a')], [], 1n);
    const later = { ...verified(7, 'b'), taken: taken(7, { version: 3, wanted: 3 }) };
    await settle(pool, lease, 1, [later], [], 2n);
    const { rows } = await pool.query('select settled::int, superseded::int from lanes');
    expect(rows[0]).toEqual({ settled: 2, superseded: 2 + 3 });
  });
});

describe('A write that was under way when its worker died', () => {
  it('is known to the next one, which sends it again and believes nothing of what stands there', async () => {
    const lease = await take(OVER_MS);
    await settle(pool, lease, 1, [verified(1, 'before')], [], 1n);
    await intend(pool, lease, batches([write(2)], 10), 1, IN_A_MINUTE);
    const next = await take();
    expect(await adoptOpenIntents(pool, next, ADOPTION)).toBe(1);
    const adopted = await delivery();
    expect(adopted).toMatchObject({ state: 'retrying', version: 1, wanted: 2, shadow: null, sent: true });
    expect(adopted!.next_attempt_at).not.toBeNull();
    expect(adopted!.recheck_at).toEqual(IN_A_MINUTE);
    expect(await count('intents')).toBe(0);
    expect(await count('attempts'), 'the attempt is kept as evidence').toBe(1);
  });

  it('of a record never seen before leaves a delivery that counts as sent', async () => {
    const lease = await take(OVER_MS);
    await intend(pool, lease, batches([write(1)], 10), 1, IN_A_MINUTE);
    await adoptOpenIntents(pool, await take(), ADOPTION);
    expect(await delivery()).toMatchObject({
      state: 'retrying',
      version: 0,
      wanted: 1,
      sent: true,
      shadow: null,
    });
  });

  it('is not taken from the worker that holds the lane now', async () => {
    const lease = await take();
    await intend(pool, lease, batches([write(1)], 10), 1, IN_A_MINUTE);
    expect(await adoptOpenIntents(pool, lease, ADOPTION)).toBe(0);
    expect(await count('intents')).toBe(1);
  });
});
