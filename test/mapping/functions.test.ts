import { describe, expect, it } from 'vitest';
import { compile, consented, fieldOf, oneField } from './mapping-text.js';

const snapshot = {
  person: {
    id: 'p-1',
    email: 'ana@example.com',
    firstName: 'Ana',
    createdAt: '2026-03-28T23:30:00.000Z',
  },
  registrations: [
    {
      id: 'r-1',
      status: 'confirmed',
      createdAt: '2026-01-05T09:00:00.000Z',
      answers: { fee: '19.99', n: 3 },
    },
    { id: 'r-2', status: 'cancelled', createdAt: '2026-01-06T10:30:00.000Z', answers: { fee: '0.01', n: 4 } },
  ],
};

function valueOf(expression: string, field: string): unknown {
  return fieldOf(oneField(JSON.stringify(expression), field), snapshot);
}

function faultOf(expression: string, field: string): string {
  try {
    oneField(JSON.stringify(expression), field);
    return 'none';
  } catch (error) {
    return (error as Error).message;
  }
}

const created = 'timestamp(person.createdAt)';

describe('A decimal', () => {
  it.each([
    ['decimal("0.1") + decimal("0.2") == decimal("0.3")', true],
    ['decimal(0.1) == decimal("0.1")', true],
    ['decimal("2.50") > decimal(2)', true],
    ['-decimal("1") < decimal("0")', true],
    ['decimal("1.005").round(2) == decimal("1.01")', true],
    ['decimal("10").divide(decimal("3"), 2) == decimal("3.33")', true],
  ])('is exact: %s', (expression, expected) => {
    expect(valueOf(expression, 'Flag')).toBe(expected);
  });

  it('goes out as a number that is the same value, or as a text', () => {
    expect(valueOf('registrations.map(r, decimal(r.answers.fee)).sum()', 'Fraction')).toBe(20);
    expect(valueOf('registrations.sum(r, decimal(r.answers.fee)) * decimal("1.19")', 'Fraction')).toBe(23.8);
    expect(valueOf('decimal("12.5").fixed(2)', 'Text')).toBe('12.50');
    expect(valueOf('string(decimal("1200000.10"))', 'Text')).toBe('1200000.1');
    expect(valueOf('int(decimal("7.9"))', 'Whole')).toBe(7);
  });

  it.each([
    ['decimal("12345678901234567890.5")', 'Fraction', 'not-exact'],
    ['decimal("1.5e3")', 'Fraction', 'bad-conversion'],
    ['decimal(person.firstName)', 'Fraction', 'bad-conversion'],
    ['decimal("1").divide(decimal("0"), 2)', 'Fraction', 'division-by-zero'],
    ['decimal("1").round(99)', 'Fraction', 'out-of-range'],
  ])('is refused rather than bent: %s', (expression, field, code) => {
    expect(valueOf(expression, field)).toEqual({ rejected: code });
  });

  it('is never rounded in silence, however long a product grows', () => {
    const digits = `decimal("${'9'.repeat(39)}.5")`;
    expect(valueOf(`${digits} * ${digits} > decimal("1")`, 'Flag')).toEqual({ rejected: 'overflow' });
  });

  it('is not divided without saying how many places are kept', () => {
    expect(faultOf('decimal("1") / decimal("3")', 'Fraction')).toContain('wrong-type');
    expect(faultOf('decimal("1") + 1', 'Fraction')).toContain('wrong-type');
    expect(faultOf('decimal("1")', 'Whole')).toContain('wrong-type');
  });
});

describe('A time', () => {
  it.each([
    [`date(${created}, "Europe/Berlin")`, '2026-03-29'],
    [`format(${created}, "dd.MM.yyyy HH:mm", "Europe/Berlin")`, '29.03.2026 00:30'],
    [`format(${created}, "yyyy-MM-dd'T'HH:mm:ss.SSS", "Asia/Tokyo")`, '2026-03-29T08:30:00.000'],
    // Over the night in which Berlin's clocks go from two to three.
    [`format(${created} + duration("2h"), "HH:mm", "Europe/Berlin")`, '03:30'],
    [`string(${created} - duration("1h30m"))`, '2026-03-28T22:00:00.000Z'],
  ])('%s → %s', (expression, expected) => {
    expect(valueOf(expression, 'Text')).toBe(expected);
  });

  it.each([
    [`${created}.getFullYear("Europe/Berlin")`, 2026],
    [`${created}.getMonth("Europe/Berlin")`, 2],
    [`${created}.getDate("Europe/Berlin")`, 29],
    [`${created}.getDate("UTC")`, 28],
    [`${created}.getDayOfMonth("UTC")`, 27],
    [`${created}.getDayOfWeek("UTC")`, 6],
    [`${created}.getDayOfYear("UTC")`, 86],
    [`${created}.getHours("America/New_York")`, 19],
    [`${created}.getMinutes("Asia/Kolkata")`, 0],
    [`(timestamp(registrations[1].createdAt) - timestamp(registrations[0].createdAt)).getMinutes()`, 1530],
    ['duration("90s").getSeconds() + duration("-1.5h").getMinutes()', 0],
  ])('%s → %i', (expression, expected) => {
    expect(valueOf(expression, 'Whole')).toBe(expected);
  });

  it.each([
    [`${created}.getHours()`, 'Whole', 'missing-zone'],
    [`${created}.getHours("Europe/Berln")`, 'Whole', 'unknown-zone'],
    [`date(${created}, "Mars/Base")`, 'Day', 'unknown-zone'],
    [`format(${created}, "DD.MM.YYYY", "UTC")`, 'Text', 'bad-pattern'],
  ])(
    'is not read without a zone that exists, nor by letters that mean nothing: %s',
    (expression, field, code) => {
      expect(faultOf(expression, field)).toContain(code);
    },
  );

  it('takes its zone from the record too', () => {
    expect(valueOf(`date(${created}, person.firstName)`, 'Day')).toEqual({ rejected: 'bad-conversion' });
  });
});

describe('A list', () => {
  it.each([
    ['registrations.first().id', 'r-1'],
    ['registrations.last().id', 'r-2'],
    ['registrations.filter(r, r.status == "offered").first().id', 'absent'],
    ['registrations.min(r, r.createdAt)', '2026-01-05T09:00:00.000Z'],
    ['registrations.max(r, r.createdAt)', '2026-01-06T10:30:00.000Z'],
  ])('%s → %s', (expression, expected) => {
    expect(valueOf(expression, 'Text')).toBe(expected);
  });

  it('is summed by what an expression gives, exactly and typed', () => {
    expect(valueOf('registrations.sum(r, r.id.size())', 'Whole')).toBe(6);
    expect(valueOf('registrations.sum(r, r.answers.n)', 'Whole')).toBe(7);
    expect(valueOf('registrations.filter(r, r.id == "none").sum(r, r.id.size())', 'Whole')).toBe(0);
    expect(faultOf('registrations.sum(r, double(r.id.size()))', 'Whole')).toContain('wrong-type');
  });

  it('grows no longer than a list may be, by whatever way', () => {
    const lets = `let:
  a: registrations + registrations
  b: a + a + a + a + a + a + a + a
  c: b + b + b + b + b + b + b + b`;
    const many = Array.from({ length: 200 }, (_, i) => ({ id: `r-${i}` }));
    const mapping = oneField('c.size()', 'Whole', lets);
    expect(fieldOf(mapping, { ...snapshot, registrations: many })).toEqual({ rejected: 'list-too-long' });
  });
});

describe('A hash', () => {
  it.each([
    ['hash("abc")', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    ['hash("abc", "md5")', '900150983cd24fb0d6963f7d28e17f72'],
    ['hash("abc", "sha1")', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
    ['hash(person.phone)', 'absent'],
  ])('%s', (expression, expected) => {
    expect(valueOf(expression, 'Text')).toBe(expected);
  });

  it('is made by what is known, and is as personal as what it is made of', () => {
    expect(faultOf('hash("abc", "sha265")', 'Text')).toContain('wrong-argument');
    const text = `mapping: crm.thing\nstream: person\ndestination: crm\nobject: Thing\noperation: upsert\n`;
    const { diagnostics } = compile(
      `${text}key: { field: Id__c, value: person.id }\nfields: { Text: hash(person.email) }\n`,
    );
    expect(diagnostics.map(({ code }) => code)).toEqual(['missing-consent-guard']);
  });
});

describe('A look-up in a table', () => {
  it('gives what the table says, and its values are checked against the target', () => {
    expect(valueOf('lookup("status", registrations[0].status)', 'Status')).toBe('Open');
    expect(valueOf('registrations.map(r, lookup("status", r.status)).join("/")', 'Text')).toBe('Open/Closed');
    expect(valueOf('lookup("status", registrations[0].answers.level)', 'Status')).toBe('absent');
    expect(valueOf('lookup("status", person.firstName)', 'Text')).toEqual({
      rejected: 'unknown-picklist-value',
    });
    expect(faultOf('lookup("statsu", person.firstName)', 'Text')).toContain('unknown-picklist');
    expect(faultOf('lookup(person.firstName, person.firstName)', 'Text')).toContain('wrong-argument');
    expect(faultOf('lookup("status", registrations[0].status)', 'Source')).toBe('none');
  });
});

describe('Another delivery', () => {
  const text = (value: string): string => `mapping: crm.thing
stream: person
destination: crm
object: Thing
operation: upsert
when: consent.granted("marketing")
whenNot: keep
key: { field: Id__c, value: person.id }
needs: [crm.campaign]
fields:
  Text: ${value}
`;
  const record = { ...snapshot, consents: consented };

  it('gives its id where it stands', () => {
    const { mapping } = compile(text('target("crm.campaign").id + "!"'));
    expect(mapping!.needs).toEqual(['crm.campaign']);
    expect(mapping!.evaluate(record, { 'crm.campaign': { id: '701' } })).toMatchObject({
      kind: 'write',
      fields: { Text: '701!' },
    });
  });

  it('that is not there yet makes the record wait, and says for whom', () => {
    const { mapping } = compile(text('target("crm.campaign").id'));
    for (const targets of [undefined, {}, { 'crm.other': { id: '1' } }]) {
      expect(mapping!.evaluate(record, targets)).toMatchObject({
        kind: 'rejected',
        key: 'p-1',
        reason: { code: 'target-missing', owner: 'data', waitsFor: 'crm.campaign', line: 11, field: 'Text' },
      });
    }
    expect(mapping!.evaluate({ ...record, consents: [] }).kind).toBe('notMatching');
  });

  it('must be one of needs, named as it is', () => {
    const codes = (value: string): string[] => compile(text(value)).diagnostics.map(({ code }) => code);
    expect(compile(text('target("crm.campain").id')).diagnostics).toMatchObject([
      { code: 'unknown-target', nearest: 'crm.campaign', line: 11, column: 16 },
    ]);
    expect(codes('target(person.id).id')).toEqual(['wrong-argument']);
    expect(codes('target("crm.campaign").name')).toEqual(['unknown-attribute']);
    expect(codes('target("crm.campaign")')).toEqual(['wrong-type']);
  });
});
