import type { Role } from './processes.js';
import type { Stack } from './stack.js';

/** Longer than a lease, shorter than a late write may take. */
const FREEZE_WORKER_MS = 2_200;
const FREEZE_API_MS = 1_200;
const REDIS_AWAY_MS = 800;

export interface Disturbance {
  readonly name: string;
  readonly happen: (stack: Stack, pick: <T>(from: readonly T[]) => T) => Promise<void>;
}

/** Everything that may befall an installation, each while registrations come in. */
export const DISTURBANCES: readonly Disturbance[] = [
  { name: 'a worker is killed', happen: (stack, pick) => kill(stack, 'worker', pick) },
  { name: 'an api process is killed', happen: (stack, pick) => kill(stack, 'api', pick) },
  { name: 'a worker freezes', happen: (stack, pick) => pick(stack.of('worker')).freeze(FREEZE_WORKER_MS) },
  { name: 'an api process freezes', happen: (stack, pick) => pick(stack.of('api')).freeze(FREEZE_API_MS) },
  { name: 'Redis is emptied', happen: (stack) => stack.flushRedis() },
  { name: 'Redis is killed and comes back empty', happen: (stack) => stack.loseRedis(REDIS_AWAY_MS) },
  { name: 'PostgreSQL loses power', happen: (stack) => stack.crashDatabase() },
  { name: 'HubSpot writes and never answers', happen: (stack) => silence(stack, 'hubspot') },
  { name: 'Salesforce writes and never answers', happen: (stack) => silence(stack, 'salesforce') },
];

async function kill(stack: Stack, role: Role, pick: <T>(from: readonly T[]) => T): Promise<void> {
  const replica = pick(stack.of(role));
  await replica.running();
  replica.kill();
}

/** The next writes are committed there, and the connection is cut long after we gave up. */
export async function silence(stack: Stack, twin: 'hubspot' | 'salesforce'): Promise<void> {
  const path = twin === 'hubspot' ? 'upsert' : 'Lead';
  await setFaults(stack, twin, [{ kind: 'timeoutAfterCommit', rate: 1, times: 3, path, delayMs: 4_000 }]);
}

export async function setFaults(
  stack: Stack,
  twin: 'hubspot' | 'salesforce',
  faults: readonly object[],
): Promise<void> {
  const answer = await fetch(`${stack.twins[twin].url}/_twin/faults`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ faults, limits: false }),
  });
  if (answer.status !== 200) throw new Error(await answer.text());
}
