import { describe, expect, it } from 'vitest';
import { compareWithCelJs, fuzz } from '../mapping/expression-runs.js';
import { compareOwnCode } from '../mapping/own-code-runs.js';
import { goodFilesAreLeftAlone, shareOfMistakesFound } from '../mapping/seeded-runs.js';

/** FOYER_DEEP_SHARE=0.1 runs a tenth. */
const share = Number(process.env.FOYER_DEEP_SHARE ?? 1);
const timeout = 3_600_000;

describe('A check', () => {
  it('says nothing of 200 good files and finds 98 of 100 of a thousand planted mistakes', { timeout }, () => {
    expect(goodFilesAreLeftAlone(200)).toEqual([]);
    const { planted, missed } = shareOfMistakesFound(1_000);
    console.info(`${planted - missed.length} of ${planted} planted mistakes found`, JSON.stringify(missed));
    expect(missed.length / planted).toBeLessThanOrEqual(0.02);
  });
});

describe('The language', () => {
  it('gives what cel-js gives for a hundred thousand random expressions', { timeout }, () => {
    const { compared, differing } = compareWithCelJs(100_000 * share, 1_000_000);
    console.info(`${compared} expressions compared with cel-js, ${differing.length} differ`);
    expect(differing).toEqual([]);
  });

  it('decides a million random records by code as by closures', { timeout }, () => {
    const { differing, ...counts } = compareOwnCode(10_000 * share, 100, 1_000);
    console.info(`decided both ways: ${JSON.stringify(counts)}`);
    expect(differing).toEqual([]);
  });

  it('lets none of a million expressions escape, crash or run past its fuel', { timeout }, () => {
    const { holes, slowestMs, ...counts } = fuzz(1_000_000 * share, 10_000_000);
    console.info(`fuzzed: ${JSON.stringify(counts)}, the slowest took ${slowestMs.toFixed(0)} ms`);
    expect(holes).toEqual([]);
  });
});
