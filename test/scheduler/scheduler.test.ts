import { SchedulerRegistry } from '@nestjs/schedule';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/platform/clock.js';
import type { Settings } from '../../src/platform/config/settings.js';
import { createLogger } from '../../src/platform/logger.js';
import { Scheduler } from '../../src/platform/scheduler/scheduler.js';

const HOURLY = { name: 'hourly', cron: '0 * * * *', timeZone: 'UTC', report: 'any' };
const MINUTE_MS = 60_000;

let scheduler: Scheduler;

beforeEach(() => {
  vi.useFakeTimers({ now: new Date('2027-03-28T10:17:00Z') });
  const settings = { reports: { scheduler: true } } as Settings;
  scheduler = new Scheduler(new SchedulerRegistry(), settings, systemClock, createLogger('silent'));
});

afterEach(() => {
  scheduler.onApplicationShutdown();
  vi.useRealTimers();
});

describe('A slot', () => {
  it('is looked at again in some minutes, in case whoever ran it died of it', async () => {
    const slots: string[] = [];
    scheduler.add(HOURLY, (slot) => Promise.resolve(slots.push(slot.toISOString())));
    expect(slots).toEqual(['2027-03-28T10:00:00.000Z']);
    await vi.advanceTimersByTimeAsync(5 * MINUTE_MS);
    expect(slots).toEqual(Array(2).fill('2027-03-28T10:00:00.000Z'));
    await vi.advanceTimersByTimeAsync(40 * MINUTE_MS);
    expect(slots.at(-1)).toBe('2027-03-28T11:00:00.000Z');
  });

  it('is not asked for again while it runs, and is after it failed', async () => {
    let [asked, fail] = [0, (): void => undefined];
    scheduler.add(HOURLY, () => {
      asked++;
      return new Promise((_, reject) => (fail = () => reject(new Error('The database is away.'))));
    });
    await vi.advanceTimersByTimeAsync(60 * MINUTE_MS);
    expect(asked).toBe(1);
    fail();
    await vi.advanceTimersByTimeAsync(5 * MINUTE_MS);
    expect(asked).toBe(2);
  });
});
