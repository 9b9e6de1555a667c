import { describe, expect, it } from 'vitest';
import { canonicalValue } from '../../src/connectors/canonical-value.js';

describe('An instant in its canonical form', () => {
  it.each([
    ['2026-01-05T09:00:07.999Z', '2026-01-05T09:00:07.000Z'],
    ['2026-01-05T09:00:07.000+0000', '2026-01-05T09:00:07.000Z'],
    ['2026-01-05T09:00:07+00:00', '2026-01-05T09:00:07.000Z'],
    ['2026-01-05T09:00Z', '2026-01-05T09:00:00.000Z'],
    ['2026-01-05T23:30:00-0100', '2026-01-06T00:30:00.000Z'],
    ['2026-01-31T09:00:00Z', '2026-01-31T09:00:00.000Z'],
  ])('%s goes to the second', (text, canonical) => {
    expect(canonicalValue(text)).toBe(canonical);
  });

  it.each(['2026-13-05T09:00:00Z', '2026-01-05T25:00:00Z', '2026-01-05T09:61:00Z'])('%s is none', (text) => {
    expect(canonicalValue(text)).toBe(text);
  });
});
