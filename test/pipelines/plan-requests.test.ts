import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Plan } from '../../src/pipelines/plan.js';
import { type Answer, OPERATOR } from '../http/app.js';
import { expectProblem } from '../http/expect-problem.js';
import { waitFor } from '../support/wait-for.js';
import { PlanRig } from './plan-rig.js';
import { seed } from './random-edits.js';
import { MAPPING } from './rig.js';

let on: PlanRig;
let base: string;
let upper: string;

beforeAll(async () => {
  on = await PlanRig.start();
  base = on.text();
  await seed(on);
  on.edit('lastname: person.lastName', 'lastname: person.lastName.upperAscii()');
  upper = on.text().replace(/examples:[\s\S]*/, '');
});

afterAll(() => on.stop());

describe('A request for a plan', () => {
  function ask(key: string, body: object): Promise<Answer> {
    return on.app.call('POST', `/v1/mappings/${MAPPING}/plan`, {
      body,
      token: OPERATOR,
      headers: { 'idempotency-key': key },
    });
  }

  async function count(): Promise<number> {
    const { rows } = await on.app.pool.query<{ n: number }>('select count(*)::int as n from plans');
    return rows[0]!.n;
  }

  /** Keeps every plan from ending while this goes on. */
  async function heldUp<T>(work: (release: () => Promise<unknown>) => Promise<T>): Promise<T> {
    const client = await on.app.pool.connect();
    try {
      await client.query('begin; lock table plan_records in share mode');
      return await work(() => client.query('rollback'));
    } finally {
      client.release();
    }
  }

  it('that nobody waits for any more is stopped, and leaves no plan', async () => {
    const before = await count();
    await heldUp(async (release) => {
      const asked = fetch(`${on.app.url}/v1/mappings/${MAPPING}/plan`, {
        method: 'POST',
        headers: { authorization: `Bearer ${OPERATOR}`, 'content-type': 'application/json' },
        body: JSON.stringify({ source: upper }),
        signal: AbortSignal.timeout(300),
      });
      await expect(asked).rejects.toThrow();
      const { rows } = await on.app.pool.query<{ now: Date }>('select clock_timestamp() as now');
      await release();
      await waitFor(
        () =>
          on.app.pool.query(
            'select 1 from pg_stat_activity where datname = current_database() and xact_start < $1',
            [rows[0]!.now],
          ),
        ({ rowCount }) => rowCount === 0,
      );
    });
    expect(await count()).toBe(before);
    await on.plan({ source: upper });
    expect(await count()).toBe(before + 1);
  });

  it('with an Idempotency-Key makes one plan, and a repetition is told it whole', async () => {
    const before = await count();
    const body = { source: upper, read: true };
    const [first, beside] = await heldUp(async (release) => {
      const both = Promise.all([ask('p1', body), ask('p1', body)]);
      await waitFor(
        () => on.app.pool.query(`select 1 from pg_locks where not granted and locktype = 'transactionid'`),
        ({ rowCount }) => rowCount === 1,
      );
      await release();
      return both;
    });
    const again = await ask('p1', body);
    expect((first.body.samples as object[]).length).toBeGreaterThan(0);
    expect(beside.body).toEqual(first.body);
    expect(again.body).toEqual(first.body);
    expect([first, beside, again].map(({ status }) => status)).toEqual([201, 201, 201]);
    const replayed = [first, beside].map(({ headers }) => headers.get('idempotent-replayed'));
    expect(replayed.sort()).toEqual(['true', null].sort());
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await count()).toBe(before + 1);
    expectProblem(await ask('p1', { source: base }), 422, 'idempotency-key-reused');
    // A repetition is never told values of somebody who has gone.
    const { samples } = first.body as unknown as Plan;
    await on.app.pool.query('delete from changes where key = $1', [samples[0]!.key]);
    expect((await ask('p1', body)).body.samples).toEqual(samples.slice(1));
  });
});
