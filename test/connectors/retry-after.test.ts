import { describe, expect, it } from 'vitest';
import { RETRY_AFTER_MS_MAX, retryAfterMs } from '../../src/connectors/call-outcome.js';
import { refusalOfAll } from '../../src/connectors/hubspot-errors.js';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const wait = (header: string): number | null => retryAfterMs({ 'retry-after': header }, NOW);

describe('Retry-After', () => {
  it.each([
    ['seconds', '17', 17_000],
    ['a fraction', '0.5', 500],
    ['a date', 'Sun, 01 Mar 2026 12:00:30 GMT', 30_000],
    ['a date that is over', 'Sun, 01 Mar 2026 11:00:00 GMT', 0],
    ['a negative number', '-5', 0],
    ['a moment where seconds belong', '1767225600', RETRY_AFTER_MS_MAX],
    ['more than a date can be', '1e300', RETRY_AFTER_MS_MAX],
    ['a year far off', 'Thu, 01 Jan 2099 00:00:00 GMT', RETRY_AFTER_MS_MAX],
    ['no number', 'Infinity', null],
    ['a word', 'soon', null],
    ['nothing', '', null],
  ])('of %s', (_what, header, expected) => {
    expect(wait(header)).toBe(expected);
  });

  it('is a day at most, also by the clock of a backend that lives in another century', () => {
    const headers = { 'retry-after': new Date(NOW).toUTCString(), date: 'Thu, 01 Jan 1970 00:00:00 GMT' };
    expect(retryAfterMs(headers, NOW)).toBe(RETRY_AFTER_MS_MAX);
  });

  it.each(['garbage', '-1', '1e300'])(
    'and the interval that HubSpot tells, be it %s, makes a date',
    (told) => {
      const headers = { 'x-hubspot-ratelimit-interval-milliseconds': told };
      const error = { policyName: 'TEN_SECONDLY_ROLLING' } as never;
      const failure = refusalOfAll(429, headers, error, NOW, 'UTC');
      const untilMs = failure?.kind === 'throttled' ? failure.untilMs : NaN;
      expect(untilMs).toBeGreaterThan(NOW);
      expect(untilMs).toBeLessThanOrEqual(NOW + RETRY_AFTER_MS_MAX);
    },
  );
});
