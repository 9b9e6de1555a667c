import fc from 'fast-check';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { runExamples } from '../../src/mapping/run-examples.js';
import { registrationStatuses, type PersonSnapshot } from '../../src/mapping/source-contract.js';
import { compileStored, loadMappings } from '../../src/pipelines/mapping-files.js';

const folder = path.resolve(import.meta.dirname, '../../mappings');
const { mappings, diagnostics, files } = await loadMappings(folder);

const time = fc
  .date({ min: new Date('2025-01-01'), max: new Date('2027-01-01'), noInvalidDate: true })
  .map((date) => date.toISOString());
const optional = fc.option(fc.string({ maxLength: 30 }), { nil: undefined });

const registration = fc
  .record({
    id: fc.uuid(),
    slug: fc.constantFrom('academy', 'summit', 'zenith', 'kick-off'),
    status: fc.constantFrom(...registrationStatuses),
    createdAt: time,
  })
  .map(({ id, slug, status, createdAt }) => ({
    id,
    event: {
      id: slug,
      slug,
      name: slug.toUpperCase(),
      startsAt: createdAt,
      endsAt: createdAt,
      timeZone: 'UTC',
    },
    status,
    answers: {},
    sessions: [],
    source: {},
    createdAt,
    updatedAt: createdAt,
  }));

const consent = fc.record({
  purpose: fc.constantFrom('marketing', 'sales'),
  granted: fc.boolean(),
  at: time,
});

const snapshot = fc.record({
  person: fc.record({
    id: fc.uuid(),
    email: fc.emailAddress(),
    firstName: fc.string({ maxLength: 50 }),
    lastName: fc.string({ maxLength: 90 }),
    company: optional,
    jobTitle: optional,
    country: optional,
    phone: optional,
    createdAt: time,
  }),
  registrations: fc.array(registration, { maxLength: 6 }),
  consents: fc.array(consent, { maxLength: 4 }),
  attendance: fc.constant([]),
});

describe('The mappings that ship', () => {
  it('are two, and sound', () => {
    expect(diagnostics).toEqual([]);
    expect(mappings.map(({ name }) => name)).toEqual(['hubspot.contact', 'salesforce.lead']);
  });

  it('cover between them every part of a decision by examples', () => {
    for (const { parsed } of files) {
      const outcomes = parsed.examples.map(({ expect: outcome }) =>
        typeof outcome.value === 'string' ? outcome.value : 'written',
      );
      expect(new Set(outcomes)).toEqual(new Set(['written', 'suppressed', 'rejected']));
    }
  });

  it('say withdrawn when the consent is withdrawn', () => {
    expect(mappings.map(({ whenNot }) => whenNot)).toEqual([
      { foyer_status: 'withdrawn' },
      { Status: 'Withdrawn' },
    ]);
  });
});

describe.each(files.map((file) => [file.mapping!.name, file] as const))(
  '%s',
  (_name, { mapping, parsed }) => {
    const results = runExamples(mapping!, parsed);

    it.each(results.map((result) => [result.name, result] as const))('%s', (_example, { differences }) => {
      expect(differences).toEqual([]);
    });

    it('does not flap: the order of registrations and consents changes nothing', () => {
      const shuffled = snapshot.chain((record) =>
        fc.tuple(
          fc.constant(record),
          fc.shuffledSubarray(record.registrations, { minLength: record.registrations.length }),
          fc.shuffledSubarray(record.consents, { minLength: record.consents.length }),
        ),
      );
      fc.assert(
        fc.property(shuffled, ([record, registrations, consents]) => {
          expect(mapping!.evaluate({ ...record, registrations, consents })).toEqual(
            mapping!.evaluate(record),
          );
        }),
        { numRuns: 500 },
      );
    });

    it('writes nothing of a person without consent', () => {
      fc.assert(
        fc.property(snapshot, (record) => {
          const withdrawn = record.consents.filter(({ purpose }) => purpose !== 'marketing');
          expect(mapping!.evaluate({ ...record, consents: withdrawn }).kind).toBe('notMatching');
        }),
        { numRuns: 200 },
      );
    });

    it('leaves the record alone', () => {
      fc.assert(
        fc.property(snapshot, (record) => {
          const before = JSON.stringify(record);
          mapping!.evaluate(deepFrozen(record));
          expect(JSON.stringify(record)).toBe(before);
        }),
        { numRuns: 200 },
      );
    });

    it('is the same mapping when it comes back from where it was stored', async () => {
      const stored = await compileStored('/nowhere', mapping!);
      expect(stored.source).toBe(mapping!.source);
      fc.assert(
        fc.property(snapshot, (record) => {
          expect(stored.evaluate(record)).toEqual(mapping!.evaluate(record));
        }),
        { numRuns: 200 },
      );
    });
  },
);

describe('A typed snapshot', () => {
  it('is what a mapping reads', () => {
    const record: PersonSnapshot = fc.sample(snapshot, 1)[0] as PersonSnapshot;
    for (const mapping of mappings) expect(mapping.evaluate(record).key).toBe(record.person.id);
  });
});

function deepFrozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFrozen);
  return value;
}
