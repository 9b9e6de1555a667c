import { expect, test } from 'vitest';
import { fingerprint } from '../../src/reconciliation/fingerprint.js';

test('A fingerprint is another for each of a million marks, ids and neighbours of them', () => {
  const seen = new Set<number>();
  let texts = 0;
  for (let id = 0; id < 1_000; id++)
    for (let ms = 0; ms < 1_000; ms++) {
      const one = fingerprint(`${290_000 + id}\t2026-11-27T10:${String(id % 60).padStart(2, '0')}:00.${ms}Z`);
      if (!Number.isSafeInteger(one) || one < 1) throw new Error(`${one} is no fingerprint`);
      seen.add(one);
      texts++;
    }
  expect(seen.size).toBe(texts);
  expect(fingerprint('')).toBeGreaterThan(0);
  expect(fingerprint('ab')).not.toBe(fingerprint('ba'));
});
