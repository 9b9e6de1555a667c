import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  arrayLiteral,
  datesLiteral,
  jsonTexts,
  textsOf,
} from '../../src/platform/database/array-literals.js';
import { freshDatabase } from '../support/database.js';

let pool: pg.Pool;

beforeAll(async () => {
  pool = new pg.Pool({ connectionString: await freshDatabase() });
});

afterAll(() => pool.end());

async function asRead(expression: string, value: unknown): Promise<unknown> {
  const { rows } = await pool.query<{ value: unknown }>(`select ${expression} as value`, [value]);
  return rows[0]!.value;
}

describe('An array as PostgreSQL’s literal', () => {
  it('is read as it was, whatever the texts hold', async () => {
    const texts = [
      '00Q5e',
      'a,b',
      'say "no"',
      'back\\slash',
      '{}',
      '',
      ' ',
      'null',
      'NULL',
      null,
      'ä–\u001e',
      'x\ny',
    ];
    expect(await asRead('$1::text[]', arrayLiteral(texts))).toEqual(texts);
    expect(await asRead('$1::text[]', arrayLiteral([]))).toEqual([]);
  });

  it('keeps numbers, truth values, ids and moments', async () => {
    expect(await asRead('$1::integer[]', arrayLiteral([1, -2, null]))).toEqual([1, -2, null]);
    expect(await asRead('$1::boolean[]', arrayLiteral([true, false]))).toEqual([true, false]);
    const ids = ['01890a5d-ac96-774b-bcce-b302099a8057', null];
    expect(await asRead('$1::uuid[]', arrayLiteral(ids))).toEqual(ids);
    const dates = [new Date('2026-11-27T17:00:00.123Z'), null];
    expect(await asRead('$1::timestamptz[]', datesLiteral(dates))).toEqual(dates);
  });

  it('keeps documents, and those that are none', async () => {
    const values = [{ name: 'Ana "A", \\ {x}' }, null, {}, { control: '\u001e\u001f' }];
    const texts = values.map((value) => (value === null ? null : JSON.stringify(value)));
    expect(await asRead(textsOf('$1'), jsonTexts(values))).toEqual(texts);
    expect(await asRead(textsOf('$1'), jsonTexts([null]))).toEqual([null]);
    expect(await asRead(textsOf('$1'), jsonTexts([]))).toEqual([]);
  });
});
