import { expect } from 'vitest';
import type { CompiledMapping } from '../../src/mapping/compiled-mapping.js';
import type { Delivery, Taken } from '../../src/pipelines/delivery.js';
import { compile } from '../mapping/mapping-text.js';

/** How a record stands at the backend that was written once, by the mapping below. */
export const STANDING: Delivery = {
  version: 3,
  wanted: 3,
  state: 'verified',
  sent: true,
  targetId: '9001',
  targetKey: 'p-1',
  shadow: { Name: 'Ana', Text: 'Example Ltd' },
  tries: 0,
  checks: 0,
  resends: 0,
  nextAttemptAt: null,
  recheckAt: null,
};

/** A mapping for who consents, with one field of its first write. */
export function mappingFor(whenNot: string): CompiledMapping {
  const { mapping, diagnostics } = compile(`mapping: crm.thing
stream: person
destination: crm
object: Thing
operation: upsert
when: consent.granted("marketing")
whenNot: ${whenNot}
key: { field: Id__c, value: person.id }
fields:
  Name: { value: person.firstName, truncate: 10 }
  Text: { value: person.company, owner: firstWrite }
`);
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  return mapping!;
}

export function snapshot(
  firstName: string,
  granted = true,
  details: object = { company: 'Example Ltd' },
): unknown {
  const consents = [{ purpose: 'marketing', granted, at: '2026-01-01T00:00:00.000Z' }];
  return { person: { id: 'p-1', firstName, ...details }, registrations: [], consents };
}

/** @param previous in what it stands otherwise; null where it was never sent */
export function taken(version: number, what: unknown, previous: Partial<Delivery> | null): Taken {
  return {
    key: '0190a000-0000-7000-8000-000000000001',
    slot: 1,
    version,
    snapshot: what,
    previous: previous && { ...STANDING, ...previous },
  };
}
