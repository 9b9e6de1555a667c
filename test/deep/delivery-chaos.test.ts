import { describe, expect, it } from 'vitest';
import { rehearseDeliveries } from '../delivery-chaos/rehearse-deliveries.js';

/** FOYER_TEST_SHARE=0.1 makes a tenth of it, in a tenth of the time. */
const SHARE = Number(process.env.FOYER_TEST_SHARE ?? 1);
const part = (whole: number): number => Math.max(1, Math.round(whole * SHARE));
const KILLS = part(52);
/** A small part begins and ends with calls that nothing could fill, and may stop nobody who has something on the way. */
const IS_WHOLE = SHARE >= 0.5;
const LOAD_MS = 480_000 * SHARE;
const SETTLE_MS_MAX = 300_000;

describe('While backends fail, workers die and Redis is lost, for long', () => {
  const timeout = LOAD_MS + SETTLE_MS_MAX + 180_000;
  it('each person stands everywhere once, as the last change left them', { timeout }, async () => {
    const { faults, falls, figures, kills, summary } = await rehearseDeliveries({
      // Fewer would not fill the batches of four lanes.
      people: Math.max(part(10_000), 4_000),
      changes: part(100_000),
      loadMs: LOAD_MS,
      kills: KILLS,
      redisKills: part(6),
      flushes: part(6),
      midSendStops: part(8),
      longStops: part(4),
      seed: Number(process.env.FOYER_TEST_SEED ?? 7),
      pace: { hubspotInTenSeconds: 40, salesforcePerSecond: 2, marketoInTwentySeconds: 30 },
      callsRatioMax: IS_WHOLE ? 1.2 : 1.5,
      throttleRate: 0.005,
      settleMsMax: SETTLE_MS_MAX,
    });
    console.log(summary);
    expect(faults.slice(0, 20)).toEqual([]);
    expect(falls, 'processes that ended by themselves').toEqual([]);
    expect(kills).toBe(KILLS);
    const late = Object.values(figures).reduce((sum, one) => sum + one.late!, 0);
    expect(late, 'what stopped workers wrote late').toBeGreaterThanOrEqual(IS_WHOLE ? 1 : 0);
  });
});
