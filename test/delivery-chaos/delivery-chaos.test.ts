import { describe, expect, it } from 'vitest';
import { rehearseDeliveries } from './rehearse-deliveries.js';

describe('While backends fail, workers die and Redis is lost', () => {
  it('each person stands everywhere once, as the last change left them', { timeout: 150_000 }, async () => {
    const { faults, falls, kills, summary } = await rehearseDeliveries({
      people: 400,
      changes: 3_000,
      loadMs: 14_000,
      kills: 6,
      redisKills: 1,
      flushes: 1,
      midSendStops: 1,
      longStops: 0,
      seed: 1,
      pace: { hubspotInTenSeconds: 100, salesforcePerSecond: 8, marketoInTwentySeconds: 120 },
      callsRatioMax: null,
      throttleRate: 0,
      settleMsMax: 60_000,
    });
    console.log(summary);
    expect(faults.slice(0, 20)).toEqual([]);
    expect(falls, 'processes that ended by themselves').toEqual([]);
    expect(kills).toBe(6);
  });
});
