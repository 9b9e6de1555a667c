import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { COMPANY, COUNTRY_AS_COMPANY, LAST_NAME, Undoing } from './undoing.js';

let to: Undoing;

beforeAll(async () => {
  to = await Undoing.start();
});

afterAll(() => to.on.stop());

afterEach(() => to.reset());

async function notes(): Promise<number> {
  const { rows } = await to.on.rig.pool.query<{ n: number }>('select count(*)::int as n from displaced');
  return rows[0]!.n;
}

describe('What a version wrote over', () => {
  it('is kept no longer than it can be put back', async () => {
    await to.withTexts([COMPANY, '']);
    const applied = await to.apply(to.edited([COMPANY, COUNTRY_AS_COMPANY]));
    expect(await notes()).toBeGreaterThan(3);
    await to.undo(applied);
    expect(await notes()).toBe(0);
    await to.undo(await to.apply(to.edited([COMPANY, COUNTRY_AS_COMPANY])));
    await to.apply(to.edited([COMPANY, COUNTRY_AS_COMPANY]));
    expect(await notes()).toBeGreaterThan(3);
    await to.apply(to.base);
    const { rows } = await to.on.rig.pool.query(`select 1 from displaced where value like '%not provided%'`);
    expect(rows).toEqual([]);
  });

  it('is not kept where the version before writes it back itself', async () => {
    await to.apply(to.base);
    await to.apply(to.edited([LAST_NAME, '  lastname: person.lastName.upperAscii()\n']));
    expect(await notes()).toBe(0);
  });

  it('goes with the person who is erased', async () => {
    await to.withTexts([COMPANY, '']);
    await to.apply(to.edited([COMPANY, COUNTRY_AS_COMPANY]));
    const of = `select 1 from displaced d join registrations r on r.person_id = d.key where r.id = $1`;
    expect((await to.on.rig.pool.query(of, [to.registrations[2]])).rows).toHaveLength(1);
    await to.on.rig.pool.query('select erase_person($1, now())', [to.registrations[2]]);
    expect((await to.on.rig.pool.query(of, [to.registrations[2]])).rows).toEqual([]);
    await to.on.settled();
    expect((await to.on.rig.pool.query(of, [to.registrations[2]])).rows).toEqual([]);
  });
});
