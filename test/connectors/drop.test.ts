import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FieldValue } from '../../src/connectors/connector.js';
import { readCsv } from '../../src/activity/csv.js';
import {
  type DatedRecord,
  dropNamed,
  makeDrops,
  manifestName,
  parseManifest,
} from '../../src/connectors/drop.js';
import { readRows } from '../../src/connectors/drop-rows.js';

const target = { object: 'people', operation: 'upsert' as const, keyField: 'id', fields: ['name', 'age'] };
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(',', '"', '\r', '\n', "'", '=', '+', '-', '@', '\t', ' ', 'a', 'é') }),
);
const value = fc.oneof(
  text,
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const fields = fc.dictionary(fc.constantFrom('name', 'age', 'odd, "name"', 'zuname'), value);
const records = fc
  .uniqueArray(fc.tuple(fc.bigInt({ min: 1n, max: 10n ** 15n }), fields), {
    selector: ([seq]) => seq,
    minLength: 1,
    maxLength: 12,
  })
  .map((list) =>
    list.map(([seq, given], n): DatedRecord => ({
      traceId: `t-${n}`,
      key: `k-${n}`,
      targetId: null,
      fields: given,
      change: { seq: String(seq), at: new Date(Date.UTC(2026, 0, 1) + Number(seq % 10n ** 9n)) },
    })),
  );
const form = fc.record({
  format: fc.constantFrom('csv' as const, 'ndjson' as const),
  formulaGuard: fc.boolean(),
});

/** A text of CSV tells no number from the digits of it. */
const asText = (given: FieldValue | undefined): string | null =>
  given === null || given === undefined ? null : String(given);

describe('A drop', () => {
  test('gives every value back as it was, whatever texts there are', () => {
    fc.assert(
      fc.property(records, form, (list, how) => {
        const [drop] = makeDrops(target, 'upsert', list, how);
        const rows = readRows(drop!.text, parseManifest(drop!.manifest)!)!;
        expect(rows).toHaveLength(list.length);
        for (const { key, fields: given, change } of list) {
          const row = rows.find(({ id }) => id === key)!;
          expect(asText(row.foyer_seq)).toBe(change.seq);
          for (const name of ['name', 'age', 'odd, "name"', 'zuname'])
            expect(asText(row[name])).toBe(asText(given[name]));
        }
      }),
      { numRuns: 500 },
    );
  });

  test('is read by another reader of CSV as well', () => {
    fc.assert(
      fc.property(records, (list) => {
        const [drop] = makeDrops(target, 'upsert', list, { format: 'csv', formulaGuard: false });
        const [header, ...rows] = readCsv(drop!.text);
        for (const { key, fields: given } of list) {
          const row = rows.find((cells) => cells[header!.indexOf('id')] === key)!;
          expect(row).toHaveLength(header!.length);
          expect(row[header!.indexOf('name')]).toBe(asText(given.name) ?? '');
        }
      }),
      { numRuns: 300 },
    );
  });

  test('is the same whatever order its records come in, and another as soon as one of them differs', () => {
    fc.assert(
      fc.property(records, form, fc.integer(), (list, how, seed) => {
        const place = ({ key }: DatedRecord): number => (Number(key.slice(2)) * 31 + Math.abs(seed)) % 7;
        const shuffled = [...list].sort((one, other) => place(one) - place(other));
        const [drop] = makeDrops(target, 'upsert', list, how);
        const [again] = makeDrops(target, 'upsert', shuffled, how);
        expect([again!.name, again!.text, again!.manifest]).toEqual([drop!.name, drop!.text, drop!.manifest]);
        const changed = list.map((one, n) =>
          n === 0 ? { ...one, fields: { name: `${one.key} changed` } } : one,
        );
        expect(makeDrops(target, 'upsert', changed, how)[0]!.name).not.toBe(drop!.name);
        expect(makeDrops(target, 'delete', list, how)[0]!.name).not.toBe(drop!.name);
        expect(dropNamed(drop!.name)).toEqual({ operation: 'upsert' });
        expect(manifestName(drop!.name)).toContain('people/_manifests/dt=');
      }),
      { numRuns: 200 },
    );
  });

  test.each(['', 'id\r\n1', 'id\r\n1,2\r\n', 'id,name\r\n"1,2\r\n', '{"id":1}\r\n{"id'])(
    'half of one is none: %j',
    (half) => {
      expect(
        readRows(half, { format: half.startsWith('{') ? 'ndjson' : 'csv', formulaGuard: true }),
      ).toBeNull();
    },
  );

  test('names that we did not make name no drop', () => {
    for (const name of [
      null,
      '',
      '0035500001H9ka4AAB',
      'people/x.csv',
      '../dt=2026-01-01/people-1-1-0123456789abcdef.csv',
      '../people/dt=2026-01-01/people-1-1-0123456789abcdef.csv',
    ])
      expect(dropNamed(name)).toBeNull();
  });
});
