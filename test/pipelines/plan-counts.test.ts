import { describe, expect, it } from 'vitest';
import type { PlannedField, PlannedRecord } from '../../src/pipelines/compare-record.js';
import { count, limitsOf, noCounts, type PlanCounts } from '../../src/pipelines/plan-counts.js';

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

describe('The limits of a mapping', () => {
  const limits = { changed: { share: 0.2 }, nulled: { count: 0 }, created: { share: 0.1 } };
  const exceeded = (counts: Partial<PlanCounts>, isFirst = false): string[] =>
    limitsOf({ limits }, { ...noCounts(), records: 100, standing: 50, ...counts }, isFirst)
      .filter(({ isExceeded }) => isExceeded)
      .map(({ limit }) => limit);

  it.each([
    ['a fifth of what stands there changes', { changed: 10 }, []],
    ['more than that changes', { changed: 11 }, ['changed']],
    ['the new version rejects what stands there', { rejected: 11 }, ['changed']],
    ['some change, some are removed, some rejected', { changed: 4, removed: 4, rejected: 4 }, ['changed']],
    ['one record loses a value', { changed: 1, nulled: 1 }, ['nulled']],
    ['a tenth of the stream is sent for the first time', { created: 10 }, []],
    ['more than that is', { created: 11 }, ['created']],
  ] as const)('are kept or passed where %s', (_what, counts, expected) => {
    expect(exceeded(counts)).toEqual(expected);
  });

  it('let a first version send as many as there are', () => {
    expect(exceeded({ created: 100, standing: 0 }, true)).toEqual([]);
  });
});
