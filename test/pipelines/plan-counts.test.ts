import { describe, expect, it } from 'vitest';
import type { PlannedField, PlannedRecord } from '../../src/pipelines/compare-record.js';
import { count, noCounts } from '../../src/pipelines/plan-counts.js';

function nulled(kind: PlannedRecord['kind'], fields: readonly PlannedField[]): number {
  const counts = noCounts();
  const none = { write: null, reason: null, targetId: null, targetKey: null };
  count(counts, { key: 'k', slot: 0, version: 1, kind, fields, ...none });
  return counts.nulled;
}

describe('A record of which a field is emptied', () => {
  it('counts once, however many fields are', () => {
    const fields = ['phone', 'company'].map((name) => ({ name, from: 'x', to: null }));
    expect(nulled('changed', fields)).toBe(1);
  });

  it.each([
    ['null over a value', 'changed', [{ name: 'phone', from: '+1', to: null }], 1],
    ['null over what nobody knows', 'unknown', [{ name: 'phone', to: null }], 1],
    ['what whenNot empties', 'retained', [{ name: 'phone', from: '+1', to: null }], 1],
    ['null over a null', 'changed', [{ name: 'phone', from: null, to: null }], 0],
    ['another value', 'changed', [{ name: 'phone', from: '+1', to: '+2' }], 0],
    ['an absent field, which is left alone', 'changed', [{ name: 'title', from: 'a', to: 'b' }], 0],
    ['a record that is sent for the first time', 'created', [{ name: 'phone', to: null }], 0],
  ] as const)('is told by limits.nulled: %s', (_what, kind, fields, expected) => {
    expect(nulled(kind, fields)).toBe(expected);
  });
});
