import { expect, it } from 'vitest';
import { ApiClient } from '../chaos/api-client.js';
import { prepareEvents } from '../chaos/prepare-events.js';
import { OPERATOR_KEY } from '../chaos/stack.js';
import { freshDatabase } from '../support/database.js';
import { startProgram } from '../support/program.js';
import { freshRedis } from '../support/redis.js';

const SEATS = 500;
const TRIES = 20_000;
const CONNECTIONS = 64;

interface Try {
  readonly askedMs: number;
  readonly answeredMs: number;
  /** In the order of arrival; of those who have a seat it is not told. */
  readonly position: number | null;
}

it(`gives ${SEATS} places to exactly as many of ${TRIES} who try through two processes, and puts the rest in order`, async () => {
  const [databaseUrl, redisUrl] = [await freshDatabase(), await freshRedis()];
  const env = { FOYER_OPERATOR_KEY: OPERATOR_KEY, FOYER_HTTP_PUBLIC_POSTS_PER_MINUTE: '1000000' };
  const apis = await Promise.all([1, 2].map(() => startProgram({ role: 'api', databaseUrl, redisUrl, env })));
  try {
    const client = new ApiClient(() => apis.map(({ url }) => url));
    await prepareEvents(client, { hot: SEATS });
    const tries: Try[] = [];
    let next = 0;
    const visitor = async (): Promise<void> => {
      for (let n = next++; n < TRIES; n = next++) tries.push(await register(apis[n % 2]!.url, n));
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, visitor));

    expect(tries.filter(({ position }) => position === null)).toHaveLength(SEATS);
    const waiting = tries.filter(({ position }) => position !== null);
    const positions = waiting.map(({ position }) => position!).sort((a, b) => a - b);
    expect(positions).toEqual(Array.from({ length: TRIES - SEATS }, (_, i) => i + 1));
    expect(overtaken(tries), 'asked after another one had its answer, and came before it').toBe(0);
  } finally {
    for (const api of apis) api.kill();
    await Promise.all(apis.map(({ stopped }) => stopped));
  }
}, 300_000);

async function register(url: string, n: number): Promise<Try> {
  const attendee = { email: `p${n}@example.com`, firstName: 'Ana', lastName: 'Ruiz' };
  const askedMs = performance.now();
  const answer = await fetch(`${url}/v1/events/hot/registrations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ attendee, answers: {}, consents: [] }),
  });
  const { status, position } = (await answer.json()) as { status: string; position?: number };
  expect(answer.status).toBe(201);
  expect(['confirmed', 'waitlisted']).toContain(status);
  return { askedMs, answeredMs: performance.now(), position: position ?? null };
}

/** How many have a place before somebody whose answer was there before they asked; who has a seat was before all. */
function overtaken(tries: readonly Try[]): number {
  const inOrder = [...tries].sort((a, b) => (a.position ?? 0) - (b.position ?? 0));
  let count = 0;
  // From the last place on: the earliest answer of those behind.
  let earliestBehind = Infinity;
  for (const { askedMs, answeredMs, position } of inOrder.reverse()) {
    if (askedMs > earliestBehind) count += 1;
    if (position !== null) earliestBehind = Math.min(earliestBehind, answeredMs);
  }
  return count;
}
