import pg from 'pg';
import { register } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nextMidnightMs } from '../../src/connectors/next-midnight.js';
import { DestinationStates } from '../../src/pipelines/destination-states.js';
import type { Destinations } from '../../src/pipelines/destinations.js';
import { freshDatabase } from '../support/database.js';

let pool: pg.Pool;

beforeAll(async () => {
  pool = new pg.Pool({ connectionString: await freshDatabase() });
  await pool.query(
    `insert into call_counts (destination, hour, calls)
     values ('crm', date_trunc('hour', clock_timestamp(), 'UTC'), 40)`,
  );
});

afterAll(() => pool.end());

describe('The state of a destination', () => {
  it('shows in the first scrape, all of it', async () => {
    const destinations = {
      all: () => [{ name: 'crm', connector: 'rest', isEnabled: true }],
      connector: () => ({ limits: { callsPerDay: 1_000 } }),
    };
    const states = new DestinationStates(pool, destinations as unknown as Destinations);
    const shown = await register.metrics();
    states.onModuleDestroy();
    expect(shown).toContain('foyer_quota_used{destination="crm"} 40');
    expect(shown).toContain('foyer_quota_max{destination="crm"} 1000');
    expect(shown).toContain('foyer_destination_trouble{destination="crm"} 0');
    expect(shown).toMatch(/foyer_quota_forecast\{destination="crm"\} \d+/);
  });

  it('shows how long nothing is sent there, and nothing of the next place in time of a spaced one', async () => {
    const entry = (name: string) => ({ name, connector: 'rest', isEnabled: true });
    const destinations = {
      all: () => [entry('held'), entry('spaced')],
      connector: () => ({ limits: {} }),
    };
    await pool.query(
      `insert into call_budgets (destination, day, next_at)
       values ('held', current_date, '2999-01-01T00:00:00Z'),
              ('spaced', current_date, clock_timestamp() + interval '100 ms')`,
    );
    const states = new DestinationStates(pool, destinations as unknown as Destinations);
    const shown = await states.all(new Date());
    states.onModuleDestroy();
    expect(shown.map(({ heldUntil }) => heldUntil)).toEqual(['2999-01-01T00:00:00.000Z', null]);
  });

  it('ends the day where the backend does', async () => {
    const entry = (name: string) => ({ name, connector: 'rest', isEnabled: true });
    const destinations = {
      all: () => [entry('Asia/Tokyo'), entry('rolling')],
      connector: (day: string) => ({ limits: { callsPerDay: 100, day } }),
    };
    await pool.query(
      `insert into call_counts (destination, hour, calls)
       values ('rolling', date_trunc('hour', clock_timestamp()) - interval '23 hours', 7)`,
    );
    const states = new DestinationStates(pool, destinations as unknown as Destinations);
    const now = new Date();
    const [tokyo, rolling] = await states.all(now);
    states.onModuleDestroy();
    expect(tokyo!.quota?.endsAt).toBe(new Date(nextMidnightMs(now.getTime(), 'Asia/Tokyo')).toISOString());
    expect(rolling!.quota).toMatchObject({ used: 7, max: 100, forecast: 0 });
    expect(rolling!.callsToday).toBe(7);
  });
});
