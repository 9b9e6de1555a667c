import { describe, expect, it } from 'vitest';
import { isOver, retryAt, triesWith } from '../../src/pipelines/retry-schedule.js';
import { loadSettings } from '../../src/platform/config/load-settings.js';

const GIVEN = {
  identity: { secret: 'for-tests-only-for-tests-only-for-tests-only' },
  database: { url: 'postgres://127.0.0.1/none' },
  redis: { url: 'redis://127.0.0.1' },
};
const AS_IT_COMES = loadSettings({}, GIVEN).pipelines;
const NOW = new Date('2026-03-01T12:00:00Z');
const [HOUR_MS, DAY_MS] = [3_600_000, 86_400_000];

const waitMs = (tries: number): number => retryAt(NOW, tries, AS_IT_COMES).getTime() - NOW.getTime();

describe('The schedule of retries, as it comes', () => {
  it('begins after a second, doubles, and never waits longer than an hour and a fifth', () => {
    for (let tries = 1; tries < 2_000; tries++) {
      const nominal = Math.min(1000 * 2 ** (tries - 1), HOUR_MS);
      const ms = waitMs(tries);
      expect(ms).toBeGreaterThanOrEqual(0.8 * nominal);
      expect(ms).toBeLessThanOrEqual(1.2 * nominal);
    }
  });

  it('spreads those that failed together over all of its jitter', () => {
    const waits = Array.from({ length: 1_000 }, () => waitMs(20) / HOUR_MS);
    expect(Math.min(...waits)).toBeLessThan(0.85);
    expect(Math.max(...waits)).toBeGreaterThan(1.15);
  });

  it('ends with the first try after seven days', () => {
    let waitedMs = 0;
    let tries = 1;
    for (; !isOver(tries, AS_IT_COMES); tries++) waitedMs += Math.min(1000 * 2 ** (tries - 1), HOUR_MS);
    expect(tries).toBe(180);
    expect(waitedMs).toBeGreaterThanOrEqual(7 * DAY_MS);
    expect(waitedMs - HOUR_MS).toBeLessThan(7 * DAY_MS);
  });

  it('does not move towards its end while nothing gets through, once the waits are the longest', () => {
    let tries = 0;
    for (let i = 0; i < 1_000; i++) tries = triesWith(tries, false, AS_IT_COMES);
    expect(tries).toBe(13);
    expect(isOver(tries, AS_IT_COMES)).toBe(false);
    expect(triesWith(100, false, AS_IT_COMES)).toBe(100);
    expect(triesWith(tries, true, AS_IT_COMES)).toBe(14);
  });

  it('holds for waits that are all the same, and has no end where none is set', () => {
    const same = { retryFirstMs: 5_000, retryMaxMs: 1_000, giveUpAfterMs: 10_000 };
    expect(isOver(10, same)).toBe(false);
    expect(isOver(11, same)).toBe(true);
    expect(isOver(32_767, { ...same, giveUpAfterMs: 0 })).toBe(false);
  });
});
