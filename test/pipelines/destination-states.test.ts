import pg from 'pg';
import { register } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
});
