import { describe, expect, it } from 'vitest';
import { renderDiagnostic } from '../../src/mapping/render-diagnostic.js';
import { compile, sound } from './mapping-text.js';

/** What is broken, by which replacement, and the one fault that must come of it, at its exact place. */
const mistakes: [title: string, from: string, to: string, fault: string][] = [
  ['an unknown key', 'lanes: 2', 'lane: 2', '18:1 unknown-key → lanes'],
  ['a key that stands twice', 'lanes: 2', 'lanes: 2\nlanes: 3', '19:1 duplicate-key'],
  ['no name', 'mapping: crm.thing\n', '', '1:1 missing-mapping'],
  ['a name that is none', 'crm.thing', 'Thing', '1:10 bad-name'],
  ['an unknown stream', 'stream: person', 'stream: persn', '2:9 unknown-value → person'],
  ['no destination', 'destination: crm\n', '', '1:1 missing-destination'],
  ['an object that is no text', 'object: Thing', 'object: [Thing]', '4:9 wrong-type'],
  ['a bad operation', 'upsert', 'upsrt', '5:12 unknown-value → upsert'],
  ['when without whenNot', 'whenNot: { Status: Closed }\n', '', '6:1 missing-when-not'],
  ['a bad word for whenNot', '{ Status: Closed }', 'keeep', '7:10 unknown-value → keep'],
  ['an unknown field in whenNot', '{ Status: Closed }', '{ Statsu: Closed }', '7:12 unknown-field → Status'],
  [
    'a value that whenNot cannot write',
    '{ Status: Closed }',
    '{ Status: Close }',
    '7:20 unknown-picklist-value → Closed',
  ],
  ['a type that whenNot cannot write', '{ Status: Closed }', '{ Whole: many }', '7:19 wrong-type'],
  ['no key', 'key: { field: Id__c, value: person.id }\n', '', '1:1 missing-key'],
  ['half a key', 'key: { field: Id__c, value: person.id }', 'key: { field: Id__c }', '8:1 missing-key'],
  ['a key that is not unique', 'field: Id__c', 'field: Flag', '8:15 key-not-unique'],
  ['a key that is a list', 'value: person.id', 'value: registrations', '8:29 wrong-type'],
  ['a match by what no field gives', 'by: [Name]', 'by: [Email]', '9:15 match-not-mapped'],
  ['a bad word for onMany', 'onMany: reject', 'onMany: rejct', '9:30 unknown-value → reject'],
  ['needs that is no list', 'needs: [crm.campaign]', 'needs: crm.campaign', '10:8 wrong-type'],
  ['an attribute that does not exist', 'r.createdAt', 'r.createAt', '12:36 unknown-attribute → createdAt'],
  ['a let that hides the stream', '  latest:', '  person: "1"\n  latest:', '12:3 bad-name'],
  ['a name that does not exist', 'latest.status', 'lates.status', '16:38 unknown-name → latest'],
  ['no fields', sound.slice(sound.indexOf('match:'), sound.indexOf('lanes:')), 'fields:\n', '9:1 wrong-type'],
  ['a field that stands twice', '  Whole:', '  Name: person.lastName\n  Whole:', '17:3 duplicate-field'],
  ['the key among the fields', '  Whole:', '  Id__c: person.id\n  Whole:', '17:3 duplicate-field'],
  ['a field unknown to the target', '  Whole:', '  Whol:', '17:3 unknown-field → Whole'],
  [
    'a field that cannot be written',
    '  Whole: registrations.size()',
    '  Made: person.createdAt',
    '17:3 not-writable',
  ],
  [
    'a field without a value',
    '  Whole: registrations.size()',
    '  Whole: { owner: foyer }',
    '17:3 missing-expression',
  ],
  ['an empty field', '  Whole: registrations.size()', '  Whole:', '17:3 missing-expression'],
  ['a wrong type', 'registrations.size()', 'person.id', '17:10 wrong-type'],
  [
    'a list where one value goes',
    '  Whole: registrations.size()',
    '  Time: latest.sessions',
    '17:9 wrong-type',
  ],
  ['an unknown key of a field', 'truncate: 10', 'trunkate: 10', '14:36 unknown-key → truncate'],
  ['truncate past the length', 'truncate: 10', 'truncate: 11', '14:46 too-long'],
  ['truncate that is no number', 'truncate: 10', 'truncate: long', '14:46 wrong-type'],
  ['a bad word for missing', 'truncate: 10', 'missing: rejct', '14:45 unknown-value → reject'],
  ['missing: default without a default', 'truncate: 10', 'missing: default', '14:45 conflicting-missing'],
  [
    'a default beside missing: omit',
    'default: none',
    'default: none, missing: omit',
    '15:58 conflicting-missing',
  ],
  ['a default of the wrong type', 'default: none', 'default: 5', '15:43 wrong-type'],
  ['a bad owner', 'owner: firstWrite', 'owner: first', '15:56 unknown-value'],
  ['an unknown table', 'picklist: status', 'picklist: statsu', '16:23 unknown-picklist → status'],
  [
    'any text into a picklist',
    '{ picklist: status, value: latest.status }',
    'latest.status',
    '16:11 missing-picklist',
  ],
  ['a literal too long', 'person.firstName, truncate: 10', `'"Bartholomew Cubbins"'`, '14:19 too-long'],
  [
    'a value the picklist lacks',
    '{ picklist: status, value: latest.status }',
    `'"Opn"'`,
    '16:12 unknown-picklist-value → Open',
  ],
  ['a status that never occurs', '"confirmed"', '"confirmd"', '6:43 unknown-value → confirmed'],
  [
    'an expression that does not parse',
    'registrations.size()',
    'registrations.size(',
    '17:29 expression-syntax',
  ],
  [
    'a function that does not exist',
    'registrations.size()',
    'sise(registrations)',
    '17:10 unknown-function → size',
  ],
  [
    'a method that does not exist',
    'registrations.size()',
    'registrations.sise()',
    '17:24 unknown-function → size',
  ],
  ['a wrong argument', 'consent.granted("marketing")', 'consent.granted(1)', '6:67 wrong-argument'],
  [
    'a division that loses a fraction',
    'registrations.size()',
    'registrations.size() / 2',
    '17:10 lossy-division',
  ],
  ['kinds that do not mix', 'registrations.size()', 'registrations.size() + "1"', '17:10 wrong-type'],
  ['a function outside the list', 'registrations.size()', 'size(bytes(person.id))', '17:15 unknown-function'],
  ['a pattern that is not linear', 'r.status == "confirmed"', 'r.id.matches("(a)\\\\1")', '6:44 bad-pattern'],
  [
    'when that is no condition',
    'when: registrations.exists(r, r.status == "confirmed") && consent.granted("marketing")',
    'when: string(consent.granted("x"))',
    '6:7 wrong-type',
  ],
  ['too many lanes', 'lanes: 2', 'lanes: 65', '18:8 wrong-type'],
  ['no lanes', 'lanes: 2', 'lanes: 0', '18:8 wrong-type'],
  ['a limit that is none', 'changed: 5%', 'changed: 5 percent', '19:20 wrong-type'],
  [
    'an example without expect',
    '    expect: { Name: Ana, Text: none, Status: Open, Whole: 1 }\n',
    '',
    '21:5 incomplete-example',
  ],
  [
    'an example that names no attribute',
    'person: { id: p-1, firstName: Ana }',
    'person: { id: p-1, fristName: Ana }',
    '23:7 unknown-attribute → firstName',
  ],
  [
    'an example with a bad outcome',
    '{ Name: Ana, Text: none, Status: Open, Whole: 1 }',
    'supressed',
    '26:13 unknown-value → suppressed',
  ],
];

function told(text: string): string[] {
  return compile(text).diagnostics.map(
    ({ line, column, code, nearest }) => `${line}:${column} ${code}${nearest ? ` → ${nearest}` : ''}`,
  );
}

describe('A mapping file that is sound', () => {
  it('compiles without a word', () => {
    expect(told(sound)).toEqual([]);
  });
});

describe('A mapping file with one mistake is told that one, at its place:', () => {
  it.each(mistakes)('%s', (_title, from, to, fault) => {
    expect(sound).toContain(from);
    expect(told(sound.replace(from, () => to))).toEqual([fault]);
  });

  it('consent: what says something about a person needs a guard', () => {
    const unguarded = sound.replace(' && consent.granted("marketing")', '');
    expect(told(unguarded)).toEqual(['14:18 missing-consent-guard', '15:18 missing-consent-guard']);
    const beside = sound.replace(' && consent', ' || consent');
    expect(told(beside)).toEqual(['14:18 missing-consent-guard', '15:18 missing-consent-guard']);
  });

  it('a required field that no field gives, or that may be absent', () => {
    const metadata = {
      destination: 'crm',
      object: 'Thing',
      fields: {
        ...Object.fromEntries(
          ['Id__c', 'Status'].map((name) => [name, { type: 'string', unique: true } as const]),
        ),
        Name: { type: 'string' },
        Whole: { type: 'int' },
        Text: { type: 'string', required: true },
        Other: { type: 'string', required: true },
      },
    } as const;
    const text = sound.replace(', default: none', '');
    const codes = compile(text, metadata).diagnostics.map(
      ({ line, column, code }) => `${line}:${column} ${code}`,
    );
    expect(codes).toEqual(['13:1 unmapped-required-field', '15:18 required-field']);
  });

  it('an object nothing is known of is a warning, and compiles', () => {
    const { mapping, diagnostics } = compile(sound, null);
    expect(diagnostics.map(({ code, severity }) => [code, severity])).toEqual([
      ['no-target-metadata', 'warning'],
    ]);
    expect(mapping).not.toBeNull();
  });

  it('text that is no YAML', () => {
    expect(told('mapping: [a\nstream: person')).toEqual(
      expect.arrayContaining([expect.stringMatching(/^\d+:\d+ yaml-syntax$/)]),
    );
    expect(told('a: !!js/function x')).toEqual(['1:4 yaml-syntax']);
    // All of them, not the first alone.
    expect(told('a: "\\q"\nb: !ours 1\n')).toEqual(['1:5 yaml-syntax', '2:4 yaml-syntax']);
    expect(told('- a')[0]).toBe('1:1 wrong-type');
    expect(told('')[0]).toBe('1:1 wrong-type');
    expect(told('a: 1\n---\nb: 2')[0]).toMatch(/yaml-syntax/);
  });
});

describe('A mapping file with every mistake', () => {
  it('is told all of them at once, in the order of the file', () => {
    const broken = sound
      .replace('operation: upsert', 'operation: upsrt')
      .replace('"confirmed"', '"confirmd"')
      .replace('r.createdAt', 'r.createAt')
      .replace('truncate: 10', 'trunkate: 10')
      .replace('picklist: status', 'picklist: statsu')
      .replace('registrations.size()', 'registrations.size() / 2')
      .replace('lanes: 2', 'lanes: 65');
    expect(told(broken)).toEqual([
      '5:12 unknown-value → upsert',
      '6:43 unknown-value → confirmed',
      '12:36 unknown-attribute → createdAt',
      '14:36 unknown-key → truncate',
      '16:23 unknown-picklist → status',
      '17:10 lossy-division',
      '18:8 wrong-type',
    ]);
  });
});

describe('A diagnostic', () => {
  it('points with a caret, says what was expected and how to mend it', () => {
    const [fault] = compile(sound.replace('latest.status', 'lates.status')).diagnostics;
    expect(renderDiagnostic(fault!)).toBe(
      [
        'mappings/crm.thing.yaml:16:38 error unknown-name',
        '  There is no lates in the stream person',
        '   16 |   Status: { picklist: status, value: lates.status }',
        '      |                                      ^^^^^',
        '  expected  one of person, registrations, consents, attendance, consent, latest',
        '  fix       write latest',
      ].join('\n'),
    );
  });

  it('finds its place behind quotes, escapes and folded lines', () => {
    const places = [
      [`'registrations.map(r, "it''s").sise()'`, '17:41'],
      ['"registrations.map(r, \\"x\\").sise()"', '17:39'],
      ['>-\n    registrations\n    .sise()', '19:6'],
      ['|\n    registrations\n      .sise()', '19:8'],
    ] as const;
    for (const [value, place] of places) {
      const [fault] = compile(sound.replace('registrations.size()', () => value)).diagnostics;
      expect(`${fault?.line}:${fault?.column} ${fault?.code}`).toBe(`${place} unknown-function`);
    }
  });
});
