import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.js';
import { ApiClient } from './api-client.js';
import { setFaults } from './disturbances.js';
import type { Replica } from './processes.js';
import { Stack } from './stack.js';
import type { Ledger } from './twin-records.js';

const TAKEOVER_MS_MAX = 5_000;
const PEOPLE = 64;
/** How long a call hangs at the backend: so long its lane is surely held. */
const SLOW_MS = 3_000;
const START_MS_MAX = 90_000;

let stack: Stack;
let api: ApiClient;
let pool: pg.Pool;

beforeAll(async () => {
  stack = await Stack.start({ redis: 'js-redis-server', hitsWanted: 0, isUnhurried: true });
  api = new ApiClient(() => stack.apiUrls());
  pool = new pg.Pool({ connectionString: stack.databaseUrl });
}, START_MS_MAX);

afterAll(async () => {
  await pool.end();
  await stack.stop();
});

/** The worker that holds most lanes, as soon as one holds some. */
async function busiestWorker(): Promise<{ replica: Replica; pid: number; lanes: number } | undefined> {
  const workers = await Promise.all(
    stack.of('worker').map(async (replica) => {
      const { pid } = replica.program!;
      return { replica, pid, lanes: await lanesOf(pid) };
    }),
  );
  return workers.sort((a, b) => b.lanes - a.lanes).find(({ lanes }) => lanes > 0);
}

/** A lane's owner is written as host/process/chance. */
async function lanesOf(pid: number): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    `select count(*)::int as n from lanes where split_part(owner, '/', 2) = $1`,
    [String(pid)],
  );
  return rows[0]!.n;
}

async function ledger(): Promise<Ledger> {
  return (await api.operator('GET', '/v1/mappings/hubspot.contact/ledger')) as Ledger;
}

describe('The lanes of a worker that was killed in the middle of its calls', () => {
  it(
    `are taken over within ${TAKEOVER_MS_MAX / 1000} s with the settings as shipped`,
    { timeout: START_MS_MAX },
    async () => {
      for (const twin of ['hubspot', 'salesforce'] as const) {
        await setFaults(stack, twin, [{ kind: 'slow', rate: 1, times: 8, delayMs: SLOW_MS }]);
      }
      const times = { startsAt: '2099-01-01T09:00:00Z', endsAt: '2099-01-02T09:00:00Z', timeZone: 'UTC' };
      const event = { slug: 'takeover', name: 'Takeover', capacity: null, waitlist: { capacity: null } };
      await api.operator('POST', '/v1/events', { ...event, ...times });
      const consents = [{ purpose: 'marketing', text: 'Yes.', textVersion: '1', required: false }];
      await api.operator('PUT', '/v1/events/takeover/form', { schema: { type: 'object' }, consents });
      await api.operator('PATCH', '/v1/events/takeover', { state: 'open' });
      await Promise.all(Array.from({ length: PEOPLE }, (_, i) => register(`person${i}@example.com`)));
      const victim = await waitFor(busiestWorker, (worker) => worker !== undefined);

      const killedAt = performance.now();
      await victim!.replica.stop(); // with SIGKILL, and it is not started again
      await waitFor(
        () => lanesOf(victim!.pid),
        (lanes) => lanes === 0,
        3 * TAKEOVER_MS_MAX,
      );
      const tookMs = performance.now() - killedAt;
      console.log(`${victim!.lanes} lanes of a killed worker were taken over after ${Math.round(tookMs)} ms`);
      expect(tookMs).toBeLessThan(TAKEOVER_MS_MAX);
      const settled = await waitFor(ledger, ({ states }) => states.verified === PEOPLE, START_MS_MAX / 2);
      expect(settled).toMatchObject({ unaccounted: 0, changes: { total: PEOPLE, waiting: 0 } });
    },
  );
});

async function register(email: string): Promise<void> {
  const answer = await api.until({
    method: 'POST',
    path: '/v1/events/takeover/registrations',
    headers: { 'idempotency-key': email },
    body: {
      attendee: { email, firstName: 'Ana', lastName: 'Ruiz' },
      answers: {},
      consents: [{ purpose: 'marketing', granted: true }],
    },
  });
  expect(answer.status).toBe(201);
}
