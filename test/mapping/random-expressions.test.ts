import { describe, expect, it } from 'vitest';
import { compareWithCelJs, fuzz, run } from './expression-runs.js';

// The long forms stand in test/deep/mapping-language.test.ts.
describe('Two thousand random expressions', () => {
  it('give what cel-js gives, wherever it gives a value', () => {
    const { compared, differing } = compareWithCelJs(2_000);
    expect(compared).toBe(2_000);
    expect(differing).toEqual([]);
  });
});

describe('Ten thousand expressions of any kind', () => {
  const fuzzed = fuzz(10_000);

  it('reach nothing outside of their record, crash nothing, and end', () => {
    expect(fuzzed.holes).toEqual([]);
  });

  it('are refused, fault and give values: each way is taken', () => {
    expect(fuzzed.refused + fuzzed.faults + fuzzed.values).toBe(10_000);
    for (const count of [fuzzed.refused, fuzzed.faults, fuzzed.values]) expect(count).toBeGreaterThan(200);
  });
});

describe('An expression that would take long', () => {
  it.each([
    'ints.map(a, ints.map(b, ints.map(c, ints.map(d, ints.map(e, ints.map(f, ints.map(g, ints.map(h, ints.map(k, a)))))))))',
    '(s + s + s + s + s + s + s + s).split("").map(a, (s + s).split("").map(z, s.split("").map(b, s.split("").map(c, s.split("").map(d, s.split(""))))))',
    '[ints, ints].map(a, (a + a + a + a + a + a + a + a).map(b, (a + a + a + a + a + a + a + a).map(c, (a + a + a + a).map(d, (a + a + a + a + a + a + a + a).map(e, (a + a + a + a + a).sum())))))',
  ])('is stopped by its fuel: %s', (text) => {
    expect(run(text)).toEqual({ kind: 'fault', code: 'too-costly' });
  });

  it('builds no text that is too long to be built', () => {
    const long = '(' + Array.from({ length: 40 }, () => 's').join(' + ') + ')';
    const longer = `(${long}.replace("a", ${long}).replace("i", ${long}))`;
    expect(run(`${longer}.replace("R", ${longer}).size()`)).toEqual({ kind: 'fault', code: 'text-too-long' });
  });
});
