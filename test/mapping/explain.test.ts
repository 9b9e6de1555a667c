import { describe, expect, it } from 'vitest';
import type { Explanation, FieldTrace } from '../../src/mapping/compiled-mapping.js';
import { compile, consented, sound } from './mapping-text.js';

const text = sound
  .replace(
    '  Whole: registrations.size()',
    '  Whole: registrations.size()\n  Source: lookup("status", latest.status)',
  )
  .replace('Status: Open, Whole: 1', 'Status: Open, Whole: 1, Source: Open');
const mapping = compile(text).mapping!;
const record = {
  person: { id: 'p-1', firstName: ' Bartholomew Cubbins', email: 'b@example.com' },
  registrations: [
    { id: 'r-1', status: 'cancelled', createdAt: '2026-01-01T00:00:00.000Z' },
    { id: 'r-2', status: 'confirmed', createdAt: '2026-02-01T00:00:00.000Z' },
  ],
  consents: consented,
};

function traceOf({ fields }: Explanation, name: string): FieldTrace {
  return fields.find(({ field }) => field.name === name)!;
}

describe('An explanation', () => {
  const explained = mapping.explain(record);

  it('decides as evaluate does', () => {
    expect(explained.evaluation).toEqual(mapping.evaluate(record));
    expect(explained.evaluation.kind).toBe('write');
  });

  it('says of each field where its expression stands, what it gave and what is sent', () => {
    expect(traceOf(explained, 'Name')).toMatchObject({
      field: { line: 14, column: 18, expression: 'person.firstName' },
      outcome: 'written',
      given: ' Bartholomew Cubbins',
      value: ' Bartholom',
      lookups: [],
    });
    expect(traceOf(explained, 'Text')).toMatchObject({ outcome: 'written', given: undefined, value: 'none' });
  });

  it('says what each expression read of the record', () => {
    expect(traceOf(explained, 'Name').sources()).toEqual([
      { path: 'person.firstName', value: ' Bartholomew Cubbins' },
    ]);
    expect(traceOf(explained, 'Status').sources()).toEqual([{ path: 'latest.status', value: 'confirmed' }]);
    expect(traceOf(explained, 'Whole').sources()).toEqual([
      { path: 'registrations', value: record.registrations },
    ]);
    expect(explained.when).toMatchObject({ line: 6, holds: true });
    expect(explained.when!.sources()).toEqual([
      { path: 'registrations', value: record.registrations },
      { path: 'consent.granted("marketing")', value: true },
    ]);
  });

  it('names the row of the table that answered', () => {
    const row = { table: 'status', entry: 'confirmed', value: 'Open' };
    expect(traceOf(explained, 'Status').lookups).toEqual([row]);
    expect(traceOf(explained, 'Source').lookups).toEqual([row]);
  });

  it('names it for each field that uses a name of let', () => {
    const shared = compile(
      text
        .replace('let:\n', 'let:\n  word: \'lookup("status", registrations[0].status)\'\n')
        .replace('lookup("status", latest.status)', 'word')
        .replace('{ value: person.company, default: none, owner: firstWrite }', 'word'),
    ).mapping!.explain(record);
    const row = { table: 'status', entry: 'cancelled', value: 'Closed' };
    expect(traceOf(shared, 'Text').lookups).toEqual([row]);
    expect(traceOf(shared, 'Source').lookups).toEqual([row]);
  });

  it('of a record that is rejected ends at the field that fails', () => {
    const { evaluation, fields } = mapping.explain({
      ...record,
      registrations: [{ id: 'r-1', status: 'unheard of', createdAt: '1' }, record.registrations[1]],
    });
    expect(evaluation.kind).toBe('write');
    const failed = mapping.explain({ ...record, person: { ...record.person, company: 7 } });
    expect(failed.evaluation).toMatchObject({ kind: 'rejected', reason: { field: 'Text' } });
    expect(fields.length).toBe(5);
    expect(failed.fields.map(({ outcome }) => outcome)).toEqual(['written', 'rejected']);
    expect(failed.fields[1]!.sources()).toEqual([{ path: 'person.company', value: 7 }]);
  });

  it('of one that does not match says so, and why', () => {
    const { evaluation, when, fields } = mapping.explain({ ...record, consents: [] });
    expect([evaluation.kind, when!.holds, fields]).toEqual(['notMatching', false, []]);
    expect(when!.sources().at(-1)).toEqual({ path: 'consent.granted("marketing")', value: false });
  });

  it('of what is no record throws nothing', () => {
    for (const odd of [null, 7, 'text', [], {}, { person: 7, registrations: {} }]) {
      const { evaluation, when } = mapping.explain(odd);
      expect(evaluation.kind).toBe('rejected');
      expect(when!.holds).toBe(null);
      expect(Array.isArray(when!.sources())).toBe(true);
    }
  });
});
