import { describe, expect, it } from 'vitest';
import { compile, consented, fieldOf, oneField, sound } from './mapping-text.js';

const person = { id: 'p-1', firstName: 'Ana' };

describe('A field whose value is absent', () => {
  it.each([
    ['person.phone', 'absent', null],
    ['{ value: person.phone, missing: omit }', 'absent', null],
    ['{ value: person.phone, missing: null }', null, null],
    ['{ value: person.phone, missing: "null" }', null, null],
    [
      '{ value: person.phone, missing: reject }',
      { rejected: 'missing-value' },
      { rejected: 'missing-value' },
    ],
    ['{ value: person.phone, default: none }', 'none', 'none'],
    ['{ value: person.phone, default: none, missing: default }', 'none', 'none'],
  ])('%s → %j; null → %j', (spec, absent, whenNull) => {
    const mapping = oneField(spec);
    expect(fieldOf(mapping, { person })).toEqual(absent);
    expect(fieldOf(mapping, { person: { ...person, phone: null } })).toEqual(whenNull);
    expect(fieldOf(mapping, { person: { ...person, phone: '' } })).toBe('');
    expect(fieldOf(mapping, { person: { ...person, phone: '+1' } })).toBe('+1');
  });
});

describe('A text that is too long', () => {
  const long = { person: { ...person, firstName: 'Bartholomew' } };

  it('is rejected', () => {
    expect(fieldOf(oneField('person.firstName', 'Name'), long)).toEqual({ rejected: 'too-long' });
  });

  it('is cut only where truncate says so, and never through a character', () => {
    expect(fieldOf(oneField('{ value: person.firstName, truncate: 4 }', 'Name'), long)).toBe('Bart');
    const emoji = { person: { ...person, firstName: 'abc😀' } };
    expect(fieldOf(oneField('{ value: person.firstName, truncate: 4 }', 'Name'), emoji)).toBe('abc');
  });
});

describe('A picklist', () => {
  const mapping = oneField('{ picklist: status, value: "registrations[0].status" }', 'Status');

  it('translates what its table knows', () => {
    expect(fieldOf(mapping, { person, registrations: [{ status: 'waitlisted' }] })).toBe('Waiting');
  });

  it('rejects the rest, with the nearest entry and without the value', () => {
    const evaluation = mapping.evaluate({
      person,
      consents: consented,
      registrations: [{ status: 'cancelld' }],
    });
    expect(evaluation).toMatchObject({
      kind: 'rejected',
      reason: {
        code: 'unknown-picklist-value',
        message: expect.stringContaining('nearest entry is cancelled') as string,
      },
    });
    expect(JSON.stringify(evaluation)).not.toContain('cancelld"');
  });
});

describe('A record', () => {
  const mapping = compile(sound).mapping!;
  const registrations = [{ status: 'confirmed', createdAt: '2026-01-01T00:00:00.000Z' }];

  it('is written with its key beside its fields', () => {
    expect(mapping.evaluate({ person, registrations, consents: consented })).toEqual({
      kind: 'write',
      key: 'p-1',
      fields: { Name: 'Ana', Text: 'none', Status: 'Open', Whole: 1 },
    });
  });

  it('that does not match comes with what whenNot says', () => {
    expect(mapping.evaluate({ person, registrations, consents: [] })).toEqual({
      kind: 'notMatching',
      key: 'p-1',
      whenNot: { Status: 'Closed' },
      reason: {
        code: 'when-false',
        message: 'when does not hold for this record',
        owner: 'data',
        file: 'mappings/crm.thing.yaml',
        line: 6,
        field: null,
      },
    });
    const [kept, deleted] = ['keep', 'delete'].map(
      (word) => compile(sound.replace('{ Status: Closed }', word)).mapping!,
    );
    expect(kept!.evaluate({ person, consents: [], registrations })).toMatchObject({ whenNot: 'keep' });
    expect(deleted!.evaluate({ person, consents: [], registrations })).toMatchObject({ whenNot: 'delete' });
  });

  it('whose when cannot be decided is rejected: doubt neither sends nor withdraws', () => {
    const evaluation = mapping.evaluate({ person, consents: consented });
    expect(evaluation).toMatchObject({
      kind: 'rejected',
      key: 'p-1',
      reason: { code: 'when-undecided', line: 6 },
    });
  });

  it('without a key is rejected, and says so of the key field', () => {
    for (const id of [undefined, null, '', 'x'.repeat(21), 1.5, {}]) {
      const evaluation = mapping.evaluate({ person: { id }, registrations, consents: consented });
      expect(evaluation).toMatchObject({ kind: 'rejected', key: null, reason: { field: 'Id__c', line: 8 } });
    }
  });

  it('that is rejected names file, line and field, and holds no value', () => {
    const evaluation = mapping.evaluate({
      person: { id: 'p-1', firstName: { secret: 'Ana' } },
      registrations,
      consents: consented,
    });
    expect(evaluation).toEqual({
      kind: 'rejected',
      key: 'p-1',
      reason: {
        code: 'wrong-type',
        message: 'Expected a text, found an object',
        owner: 'data',
        file: 'mappings/crm.thing.yaml',
        line: 14,
        field: 'Name',
      },
    });
  });

  it.each([null, undefined, 5, 'x', [], [1], new Date(), () => 1, Symbol('x'), 5n])(
    'that is no record is rejected',
    (value) => {
      expect(mapping.evaluate(value)).toMatchObject({ kind: 'rejected', key: null });
    },
  );
});

describe('What a compiled mapping knows of itself', () => {
  it('is what the pipelines need', () => {
    const { mapping } = compile(sound);
    expect(mapping).toMatchObject({
      name: 'crm.thing',
      stream: 'person',
      destination: 'crm',
      object: 'Thing',
      operation: 'upsert',
      keyField: 'Id__c',
      writes: ['Name', 'Text', 'Status', 'Whole'],
      whenNot: { Status: 'Closed' },
      match: { by: ['Name'], onMany: 'reject' },
      needs: ['crm.campaign'],
      lanes: 2,
      limits: { changed: { share: 0.05 }, nulled: { count: 0 }, created: { count: 100 } },
    });
    expect(mapping!.fields[1]).toEqual({
      name: 'Text',
      owner: 'firstWrite',
      expression: 'person.company',
      line: 15,
      column: 18,
    });
  });
});

describe('Consent', () => {
  const granted = (at: string): object => ({ purpose: 'marketing', granted: true, at });
  const withdrawn = (at: string): object => ({ purpose: 'marketing', granted: false, at });
  const mapping = oneField('person.firstName');
  const decided = (consents: unknown): string => mapping.evaluate({ person, consents }).kind;

  it('is what the latest word on the purpose says, in whatever order the words stand', () => {
    expect(decided([granted('2026-01-01'), withdrawn('2026-02-01')])).toBe('notMatching');
    expect(decided([withdrawn('2026-02-01'), granted('2026-01-01')])).toBe('notMatching');
    expect(decided([withdrawn('2026-01-01'), granted('2026-02-01')])).toBe('write');
    expect(decided([{ ...granted('2026-01-01'), purpose: 'sales' }])).toBe('notMatching');
  });

  it('is none where two words of one moment differ', () => {
    expect(decided([granted('2026-01-01'), withdrawn('2026-01-01')])).toBe('notMatching');
    expect(decided([withdrawn('2026-01-01'), granted('2026-01-01')])).toBe('notMatching');
  });

  it('is none where the record is unreadable', () => {
    for (const consents of [
      undefined,
      null,
      'yes',
      [null, 1, 'x'],
      [{ purpose: 'marketing', granted: 'true', at: '1' }],
    ]) {
      expect(decided(consents)).toBe('notMatching');
    }
  });

  it('cannot be talked away: every way round the guard is refused', () => {
    const unguarded = [
      'true',
      'consent.granted("marketing") || true',
      '!consent.granted("marketing")',
      'consent.granted("marketing") ? true : person.id == "x"',
      'registrations.exists(r, consent.granted("marketing"))',
      'consent.granted("marketing") == false',
    ];
    const guarded = [
      'consent.granted("marketing")',
      '(consent.granted("marketing") || consent.granted("sales")) && person.id != ""',
      'person.id == "x" ? consent.granted("marketing") : false',
    ];
    const reads = [
      'person.email',
      'person["email"]',
      '[person].map(p, p.email).join()',
      'registrations[0].answers.diet',
      'registrations.map(r, r.answers).map(a, a.diet).join()',
      '(true ? person : person).email',
      'hidden.trim()',
      'coalesce(person.firstName, "x")',
    ];
    const codes = (when: string, value: string): string[] =>
      compile(`mapping: crm.thing
stream: person
destination: crm
object: Thing
operation: upsert
when: ${JSON.stringify(when)}
whenNot: keep
key: { field: Id__c, value: person.id }
let: { hidden: person.email }
fields: { Text: ${JSON.stringify(value)} }
`).diagnostics.flatMap(({ code, severity }) => (severity === 'error' ? [code] : []));
    for (const when of unguarded)
      expect([when, codes(when, 'person.email')]).toEqual([when, ['missing-consent-guard']]);
    for (const when of guarded) expect([when, codes(when, 'person.email')]).toEqual([when, []]);
    for (const value of reads)
      expect([value, codes('true', value)]).toEqual([value, ['missing-consent-guard']]);
    expect(codes('true', 'registrations[0].status')).toEqual([]);
  });
});
