import { describe, expect, it } from 'vitest';
import { goodFilesAreLeftAlone, shareOfMistakesFound } from './seeded-runs.js';

// The long form stands in test/deep/mapping-language.test.ts.
describe('A check', () => {
  it('says nothing of 40 good files of many shapes', () => {
    expect(goodFilesAreLeftAlone(40)).toEqual([]);
  });

  it('names at least 98 of 100 planted mistakes by their code and line, of every kind the file has a place for', () => {
    const { planted, missed } = shareOfMistakesFound(250);
    expect(planted).toBe(250);
    expect(missed.length / planted, JSON.stringify(missed)).toBeLessThanOrEqual(0.02);
  });
});
