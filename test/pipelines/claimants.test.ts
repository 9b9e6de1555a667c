import { describe, expect, it } from 'vitest';
import { type Claimant, outranks } from '../../src/pipelines/claimants.js';

function claimant(over: Partial<Claimant>): Claimant {
  return { key: 'a', isOver: false, hasAttended: false, since: new Date(1_000), ...over };
}

const first = claimant({});
const cancelled = claimant({ isOver: true });
const later = claimant({ key: 'b', since: new Date(2_000) });
const laterCancelled = claimant({ ...later, isOver: true });

describe('Of two records that claim one key', () => {
  it('neither yields while both live', () => {
    expect(outranks(later, first)).toBe(false);
    expect(outranks(first, later)).toBe(false);
    expect(outranks(claimant({ ...later, hasAttended: true }), first)).toBe(false);
  });

  it('one that is over yields to one that lives, whichever came first', () => {
    expect(outranks(later, cancelled)).toBe(true);
    expect(outranks(cancelled, later)).toBe(false);
    expect(outranks(first, laterCancelled)).toBe(true);
  });

  it('of two that are over the later one has the word, and of two of one moment always the same', () => {
    expect(outranks(laterCancelled, cancelled)).toBe(true);
    expect(outranks(cancelled, laterCancelled)).toBe(false);
    const twin = claimant({ key: 'b', isOver: true });
    expect([outranks(twin, cancelled), outranks(cancelled, twin)]).toEqual([true, false]);
  });

  it('one that tells of somebody who was there yields to no other word', () => {
    const attended = claimant({ isOver: true, hasAttended: true });
    expect(outranks(later, attended)).toBe(false);
    expect(outranks(attended, later)).toBe(true);
    expect(outranks(claimant({ ...later, hasAttended: true }), attended)).toBe(true);
  });
});
