import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classOf } from '../../src/mapping/value.js';
import { compile, consented, oneField, sound } from './mapping-text.js';

const mapping = compile(sound).mapping!;
const anything = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withSparseArray: true,
});

/** Records that are right in places and anything elsewhere. */
const nearly = fc.record(
  {
    person: fc.oneof(
      anything,
      fc.record(
        {
          id: fc.oneof(fc.string(), anything),
          firstName: fc.oneof(fc.string(), anything),
          company: anything,
        },
        { requiredKeys: [] },
      ),
    ),
    registrations: fc.oneof(
      anything,
      fc.array(
        fc.oneof(
          anything,
          fc.record({
            status: fc.oneof(fc.constantFrom('confirmed', 'cancelled'), anything),
            createdAt: fc.oneof(fc.string(), anything),
          }),
        ),
      ),
    ),
    consents: fc.oneof(anything, fc.constant(consented)),
  },
  { requiredKeys: [] },
);

describe('Whatever a record is', () => {
  it('evaluate never throws, and decides the same again', () => {
    fc.assert(
      fc.property(fc.oneof(anything, nearly), (record) => {
        const first = mapping.evaluate(record);
        expect(['write', 'notMatching', 'rejected']).toContain(first.kind);
        if (first.kind === 'rejected') expect(first.reason.code).not.toBe('mapping-failed');
        expect(mapping.evaluate(record)).toEqual(first);
        expect(mapping.explain(record).evaluation).toEqual(first);
      }),
      { numRuns: 3_000 },
    );
  });

  it('what is written is text, number, true, false or null, and within its length', () => {
    fc.assert(
      fc.property(nearly, (record) => {
        const evaluation = mapping.evaluate({ ...record, consents: consented });
        if (evaluation.kind !== 'write') return;
        for (const value of Object.values(evaluation.fields)) {
          expect(value === null || ['string', 'number', 'boolean'].includes(typeof value)).toBe(true);
        }
        expect(String(evaluation.fields['Name'] ?? '').length).toBeLessThanOrEqual(10);
      }),
      { numRuns: 1_000 },
    );
  });

  it('the value of a rejected field is in no reason', () => {
    const reject = oneField('"int(person.firstName)"', 'Whole');
    fc.assert(
      fc.property(
        fc.string({ minLength: 12 }).filter((text) => /[a-z]{4}/.test(text)),
        (secret) => {
          const evaluation = reject.evaluate({ person: { id: 'p', firstName: secret }, consents: consented });
          expect(evaluation.kind).toBe('rejected');
          expect(JSON.stringify(evaluation)).not.toContain(secret);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('Whatever a mapping file is', () => {
  it('compiling it never throws, and every fault has a place in it', () => {
    const lines = sound.split('\n').length;
    fc.assert(
      fc.property(
        fc.nat(sound.length),
        fc.nat(30),
        fc.string({ maxLength: 8, unit: 'binary' }),
        (at, cut, put) => {
          const text = sound.slice(0, at) + put + sound.slice(at + cut);
          for (const { line, column } of compile(text).diagnostics) {
            expect(line).toBeGreaterThan(0);
            expect(line).toBeLessThanOrEqual(lines + 10);
            expect(column).toBeGreaterThan(0);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('any text as an expression compiles or is refused, and never runs wild', () => {
    const pieces = fc.constantFrom(
      'person',
      '.',
      'email',
      '(',
      ')',
      '[',
      ']',
      '"a"',
      '1',
      '2.5',
      ' + ',
      ' == ',
      ' && ',
      ' ? ',
      ' : ',
      '!',
      '-',
      'registrations',
      '.map(r, r.id)',
      '.exists(r, r.status == "confirmed")',
      '.size()',
      '.trim()',
      'constructor',
      '__proto__',
      'null',
      ', ',
      '{"a": 1}',
      'r',
      'has(',
      'timestamp(',
      '.join()',
      ' in ',
      '.maxBy(r, r.createdAt)',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const { mapping: made } = compile(
          sound.replace('registrations.size()', () => JSON.stringify(parts.join(''))),
        );
        const record = {
          person: { id: 'p', email: 'a@b.c' },
          registrations: [{ id: 'r', status: 'confirmed', createdAt: '1' }],
        };
        if (made) expect(classOf(made.evaluate({ ...record, consents: consented }))).toBe('an object');
      }),
      { numRuns: 1_500 },
    );
  });
});
