import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, OPERATOR } from '../http/app.js';
import { expectProblem } from '../http/expect-problem.js';
import { PlanRig } from './plan-rig.js';
import { seed } from './random-edits.js';
import { MAPPING } from './rig.js';

let on: PlanRig;

beforeAll(async () => {
  on = await PlanRig.start();
  await seed(on);
});

afterAll(() => on.stop());

function ask(path: string, key: string, body: object): Promise<Answer> {
  return on.app.call('POST', path, { body, token: OPERATOR, headers: { 'idempotency-key': key } });
}

async function count(table: 'replays' | 'reconciliations'): Promise<number> {
  const { rows } = await on.rig.pool.query<{ n: number }>(`select count(*)::int as n from ${table}`);
  return rows[0]!.n;
}

describe('Asked for again with its Idempotency-Key', () => {
  it.each([
    ['a replay', '/v1/deliveries/replay', 'replays', { reason: 'other' }],
    ['a reconciliation', '/v1/reconciliations', 'reconciliations', { full: true }],
  ] as const)('%s is not begun twice, even at once', async (_, path, table, other) => {
    const body = { mapping: MAPPING };
    const before = await count(table);
    const answers = await Promise.all([ask(path, 'once', body), ask(path, 'once', body)]);
    answers.push(await ask(path, 'once', body));
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
    expect(new Set(answers.map(({ body: told }) => told.id)).size).toBe(1);
    expect(new Set(answers.map(({ body: told }) => told.matched)).size).toBe(1);
    const replayed = answers.filter(({ headers }) => headers.get('idempotent-replayed') === 'true');
    expect(replayed).toHaveLength(2);
    expect(await count(table)).toBe(before + 1);
    expectProblem(await ask(path, 'once', { ...body, ...other }), 422, 'idempotency-key-reused');
    expect(await count(table)).toBe(before + 1);
  });
});
