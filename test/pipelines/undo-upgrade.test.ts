import pg from 'pg';
import type { QueryRunner } from 'typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Displaced0036 } from '../../src/platform/database/migrations/0036-displaced.js';
import { freshDatabase } from '../support/database.js';

const KEY = '0190a000-0000-7000-8000-000000000001';
const PLAN = '0190b000-0000-7000-8000-000000000001';
const INVERSE = '0190b000-0000-7000-8000-000000000002';

let pool: pg.Pool;

beforeAll(async () => {
  pool = new pg.Pool({ connectionString: await freshDatabase() });
});

afterAll(() => pool.end());

it('An upgrade keeps what a plan has read for its undo, and what an undo is putting back', async () => {
  const runner = { query: (text: string) => pool.query(text) } as unknown as QueryRunner;
  const migration = new Displaced0036();
  await migration.down(runner);
  await pool.query(
    `insert into mappings (name, stream, destination, object, version)
     values ('crm.applied', 'person', 'crm', 'a', 2), ('crm.undone', 'person', 'crm', 'b', 3)`,
  );
  await pool.query(
    `insert into plans (id, mapping, from_version, file, source, hash, position, counts, created_by, undoes, applied_version)
     values ($1, 'crm.applied', 1, 'f', 's', 'new', 0, '{}', 'op', null, 2),
            ($2, 'crm.applied', 2, 'f', 's', 'old', 0, '{}', 'op', $1, null)`,
    [PLAN, INVERSE],
  );
  await pool.query(
    `insert into plan_records (plan, key, slot, version, kind, known)
     values ($1, $2, 1, 1, 'changed', '{"city":"Lisbon","zip":null}')`,
    [PLAN, KEY],
  );
  await pool.query(
    `insert into redeliveries (mapping, key, slot, restore) values ('crm.undone', $1, 1, '{"city":"Porto"}')`,
    [KEY],
  );
  await migration.up(runner);
  const { rows } = await pool.query(
    'select mapping, version, field, value from displaced order by mapping, field',
  );
  expect(rows).toEqual([
    { mapping: 'crm.applied', version: 2, field: 'city', value: '"Lisbon"' },
    { mapping: 'crm.applied', version: 2, field: 'zip', value: 'null' },
    { mapping: 'crm.undone', version: 2, field: 'city', value: '"Porto"' },
  ]);
  const { rows: mappings } = await pool.query('select name, undone from mappings order by name');
  expect(mappings).toEqual([
    { name: 'crm.applied', undone: [] },
    { name: 'crm.undone', undone: [2] },
  ]);
});
