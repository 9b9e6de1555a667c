import fc from 'fast-check';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CompiledMapping } from '../../src/mapping/compiled-mapping.js';
import { runExamples } from '../../src/mapping/run-examples.js';
import type { PersonSnapshot, Stream } from '../../src/mapping/source-contract.js';
import { compileStored, loadMappings } from '../../src/pipelines/mapping-files.js';
import { type Snapshot, snapshots } from './random-snapshots.js';

const folder = path.resolve(import.meta.dirname, '../../mappings');
const { mappings, diagnostics, files } = loadMappings(folder);

/** Streams whose records are about a person. */
const OF_PEOPLE: readonly Stream[] = ['person', 'registration', 'attendance', 'interaction'];

describe('The mappings that ship', () => {
  it('are sound, and each is named after its file', () => {
    expect(diagnostics).toEqual([]);
    expect(mappings.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['hubspot.contact', 'salesforce.lead']),
    );
    for (const { mapping } of files) expect(path.basename(mapping!.file)).toBe(`${mapping!.name}.yaml`);
  });

  it('cover every part of their decision by examples', () => {
    for (const { mapping, parsed } of files) {
      const outcomes = parsed.examples.map(({ expect: outcome }) =>
        typeof outcome.value === 'string' ? outcome.value : 'written',
      );
      const parts = ['written', 'rejected', ...(parsed.when ? ['suppressed'] : [])];
      expect(new Set(outcomes), mapping!.name).toEqual(new Set(parts));
    }
  });

  it('say withdrawn when the consent is withdrawn', () => {
    const said = new Map(mappings.map(({ name, whenNot }) => [name, whenNot]));
    expect(said.get('hubspot.contact')).toEqual({ foyer_status: 'withdrawn' });
    expect(said.get('salesforce.lead')).toEqual({ Status: 'Withdrawn' });
  });
});

describe.each(files.map((file) => [file.mapping!.name, file] as const))(
  '%s',
  (_name, { mapping: compiled, parsed }) => {
    const mapping = compiled!;
    const results = runExamples(mapping, parsed);
    const snapshot = snapshots[mapping.stream];
    const isOfPeople = OF_PEOPLE.includes(mapping.stream);
    const evaluate = (record: unknown) => evaluated(mapping, record);

    it.each(results.map((result) => [result.name, result] as const))('%s', (_example, { differences }) => {
      expect(differences).toEqual([]);
    });

    it.runIf(isOfPeople)('does not flap: the order of registrations and consents changes nothing', () => {
      const shuffled = snapshot.chain((record) =>
        fc.tuple(
          fc.constant(record),
          inAnyOrder(record.registrations ?? []),
          inAnyOrder(record.consents ?? []),
        ),
      );
      fc.assert(
        fc.property(shuffled, ([record, registrations, consents]) => {
          expect(evaluate({ ...record, registrations, consents })).toEqual(
            evaluate({ ...record, registrations: record.registrations ?? [] }),
          );
        }),
        { numRuns: 300 },
      );
    });

    it.runIf(isOfPeople)('writes nothing of a person without consent', () => {
      fc.assert(
        fc.property(snapshot, (record) => {
          const withdrawn = record.consents!.filter(({ purpose }) => purpose !== 'marketing');
          expect(evaluate({ ...record, consents: withdrawn }).kind).not.toBe('write');
        }),
        { numRuns: 200 },
      );
    });

    it('leaves the record alone', () => {
      fc.assert(
        fc.property(snapshot, (record) => {
          const before = JSON.stringify(record);
          evaluate(deepFrozen(record));
          expect(JSON.stringify(record)).toBe(before);
        }),
        { numRuns: 100 },
      );
    });

    it('is the same mapping when it comes back from where it was stored', () => {
      const stored = compileStored('/nowhere', mapping);
      expect(stored.source).toBe(mapping.source);
      fc.assert(
        fc.property(snapshot, (record) => {
          expect(evaluated(stored, record)).toEqual(evaluate(record));
        }),
        { numRuns: 100 },
      );
    });
  },
);

describe('A typed snapshot', () => {
  it('is what a mapping of persons reads', () => {
    const record: PersonSnapshot = fc.sample(snapshots.person, 1)[0] as unknown as PersonSnapshot;
    for (const mapping of mappings.filter(({ stream }) => stream === 'person'))
      expect([record.person.id, record.person.email.toLowerCase()]).toContain(mapping.evaluate(record).key);
  });
});

/** With every record that it needs delivered. */
function evaluated(mapping: CompiledMapping, record: unknown) {
  const targets = Object.fromEntries(mapping.needs.map((need, n) => [need, { id: `70${n}` }]));
  return mapping.evaluate(record, targets);
}

function inAnyOrder<T>(list: readonly T[]): fc.Arbitrary<T[]> {
  return fc.shuffledSubarray([...list], { minLength: list.length });
}

function deepFrozen<T extends Snapshot>(value: T): T;
function deepFrozen(value: unknown): unknown {
  if (typeof value === 'object' && value !== null)
    Object.values(Object.freeze(value)).forEach((one) => deepFrozen(one as Snapshot));
  return value;
}
