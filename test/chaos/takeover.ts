import pg from 'pg';
import { waitFor } from '../support/wait-for.js';
import { ApiClient } from './api-client.js';
import { setFaults } from './disturbances.js';
import type { Replica } from './processes.js';
import { prepareEvents } from './prepare-events.js';
import { Stack } from './stack.js';
import type { Ledger } from './twin-records.js';

const PEOPLE = 64;
/** How long a call hangs at the backend: so long its lane is surely held. */
const SLOW_MS = 3_000;
const PATIENCE_MS = 60_000;

export interface Takeover {
  readonly lanes: number;
  readonly tookMs: number;
  /** When all of it was settled again. */
  readonly ledger: Ledger;
  readonly people: number;
}

/** Kills a worker in the middle of its calls and waits until its lanes have another holder: the settings as shipped. */
export async function measureTakeover(): Promise<Takeover> {
  const stack = await Stack.start({ redis: 'js-redis-server', hitsWanted: 0, isUnhurried: true });
  const pool = new pg.Pool({ connectionString: stack.databaseUrl });
  try {
    const api = new ApiClient(() => stack.apiUrls());
    for (const twin of ['hubspot', 'salesforce'] as const) {
      await setFaults(stack, twin, [{ kind: 'slow', rate: 1, times: 8, delayMs: SLOW_MS }]);
    }
    await prepareEvents(api);
    await Promise.all(Array.from({ length: PEOPLE }, (_, i) => register(api, `person${i}@example.com`)));
    const victim = (await waitFor(
      () => busiestWorker(stack, pool),
      (worker) => worker !== undefined,
    ))!;

    const killedAt = performance.now();
    await victim.replica.stop(); // by SIGKILL, and it is not started again
    await waitFor(
      () => lanesOf(pool, victim.pid),
      (lanes) => lanes === 0,
      PATIENCE_MS,
    );
    const tookMs = performance.now() - killedAt;
    const ledger = await waitFor(
      async () => (await api.operator('GET', '/v1/mappings/hubspot.contact/ledger')) as Ledger,
      ({ states }) => states.verified === PEOPLE,
      PATIENCE_MS,
    );
    return { lanes: victim.lanes, tookMs, ledger, people: PEOPLE };
  } finally {
    await pool.end();
    await stack.stop();
  }
}

/** The worker that holds most lanes, as soon as one holds some. */
async function busiestWorker(
  stack: Stack,
  pool: pg.Pool,
): Promise<{ replica: Replica; pid: number; lanes: number } | undefined> {
  const workers = await Promise.all(
    stack.of('worker').map(async (replica) => {
      const { pid } = replica.program!;
      return { replica, pid, lanes: await lanesOf(pool, pid) };
    }),
  );
  return workers.sort((a, b) => b.lanes - a.lanes).find(({ lanes }) => lanes > 0);
}

/** A lane's owner is written as host/process/chance. */
async function lanesOf(pool: pg.Pool, pid: number): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    `select count(*)::int as n from lanes where split_part(owner, '/', 2) = $1`,
    [String(pid)],
  );
  return rows[0]!.n;
}

async function register(api: ApiClient, email: string): Promise<void> {
  const answer = await api.until({
    method: 'POST',
    path: '/v1/events/hall/registrations',
    headers: { 'idempotency-key': email },
    body: {
      attendee: { email, firstName: 'Ana', lastName: 'Ruiz' },
      answers: {},
      consents: [{ purpose: 'marketing', granted: true }],
    },
  });
  if (answer.status !== 201) throw new Error(`registering was answered ${answer.status}`);
}
