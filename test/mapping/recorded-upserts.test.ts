import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadMappings } from '../../src/pipelines/mapping-files.js';

const recorded = path.resolve(import.meta.dirname, '../../../shared/data/recorded/cumulusci-bsd3');
const cassettes = ['TestUpsert.test_simple_upsert__rest.yaml', 'TestUpsert.test_upsert__rest.yaml'];
const fixtures = path.resolve(import.meta.dirname, '../fixtures/mappings');

interface Upserted {
  readonly Email: string;
  readonly FirstName: string;
  readonly LastName: string;
}

function upsertsIn(cassette: string): Upserted[] {
  const { interactions } = parse(readFileSync(path.join(recorded, cassette), 'utf8'), {
    maxAliasCount: -1,
  }) as {
    interactions: { request?: { method: string; uri: string; body: string } }[];
  };
  return interactions
    .flatMap(({ request }) =>
      request?.uri.endsWith('/composite/sobjects/Contact/Email') ? [request.body] : [],
    )
    .flatMap((body) => (JSON.parse(body) as { records: Upserted[] }).records);
}

describe.skipIf(!existsSync(recorded))(
  'Recorded upserts of contacts (skipped where ../shared/data is absent)',
  () => {
    const { mappings, diagnostics } = loadMappings(fixtures);
    const mapping = mappings.find(({ name }) => name === 'salesforce.contact')!;

    it('are made by a mapping that compiles', () => {
      expect(diagnostics).toEqual([]);
      expect(mapping.keyField).toBe('Email');
    });

    it.each(cassettes)('%s: each is reproduced byte for byte, the case of its e-mail kept', (cassette) => {
      const upserts = upsertsIn(cassette);
      expect(upserts.length).toBeGreaterThan(15);
      for (const upsert of upserts) {
        const evaluation = mapping.evaluate({
          person: {
            id: upsert.Email,
            email: upsert.Email,
            firstName: upsert.FirstName,
            lastName: upsert.LastName,
          },
          registrations: [],
          consents: [{ purpose: 'marketing', granted: true, at: '2026-01-01T00:00:00.000Z' }],
          attendance: [],
        });
        if (evaluation.kind !== 'write') throw new Error(evaluation.reason.message);
        const record = { ...evaluation.fields, Email: evaluation.key, attributes: { type: mapping.object } };
        expect(sorted(record)).toBe(sorted(upsert));
      }
    });
  },
);

function sorted(record: object): string {
  return JSON.stringify(Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))));
}
