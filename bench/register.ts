import { createHash } from 'node:crypto';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';

export interface NewRequest {
  readonly body: string;
  readonly key: string;
}

/** What one statement of a seed registers. */
const SEED_BATCH = 250;

let n = 0;

/** A registration request that nobody made before, as a client sends it. */
export function newRequest(): NewRequest {
  n += 1;
  const key = uuidv7();
  const attendee = {
    email: `p${n}-${key.slice(-12)}@example.com`,
    firstName: 'Ana',
    lastName: 'Ruiz',
    company: 'Example Ltd',
    jobTitle: 'Engineer',
    country: 'ES',
  };
  const consents = [{ purpose: 'marketing', granted: true }];
  return { body: JSON.stringify({ attendee, answers: {}, consents }), key };
}

// The product's own function: the same rows, the same checks, the same changes.
const REGISTER = {
  name: 'bench-register',
  text: `select outcome from register_batch(clock_timestamp(), interval '30 days', $1, $2, $3, $4, $4, $5, $6, $7, $8,
           $9, $10::text[], $10::text[], $11::json[], $12::json[], $10::text[]::json[], $13, $14, $15, $16, $17, $18, $19, $20,
           '{}'::integer[], '{}'::uuid[])`,
};
const SCOPE = '01890000-0000-7000-8000-000000000000';

/** Registers by one statement of its own; of one request, that is the baseline of single statements. */
export async function register(
  client: Pick<pg.ClientBase, 'query'>,
  event: string,
  requests: readonly NewRequest[],
): Promise<void> {
  const attendees = requests.map(
    ({ body }) => (JSON.parse(body) as { attendee: Record<string, string> }).attendee,
  );
  const of = <T>(value: (i: number) => T): T[] => requests.map((_, i) => value(i));
  const field = (name: string): (string | undefined)[] => attendees.map((attendee) => attendee[name]);
  const values = [
    of(uuidv7),
    of(() => event),
    of(uuidv7),
    field('email'),
    field('firstName'),
    field('lastName'),
    field('company'),
    field('jobTitle'),
    field('country'),
    of(() => null),
    attendees.map((attendee) => JSON.stringify(attendee)),
    of(() => '{}'),
    of(() => 1),
    of(() => SCOPE),
    requests.map(({ key }) => key),
    requests.map(({ body }) => createHash('sha256').update(body).digest()),
    of((i) => i + 1),
    of(() => 'marketing'),
    of(() => true),
    of(() => '1'),
  ];
  const { rows } = await client.query<{ outcome: string }>({ ...REGISTER, values });
  const other = rows.find(({ outcome }) => outcome !== 'confirmed');
  if (other) throw new Error(`a registration of a baseline was ${other.outcome}`);
}

/** Registers so many before anything is measured, and has the database know of them. */
export async function seed(pool: pg.Pool, event: string, many: number): Promise<void> {
  for (let left = many; left > 0; left -= SEED_BATCH) {
    await register(pool, event, Array.from({ length: Math.min(left, SEED_BATCH) }, newRequest));
  }
  await pool.query('vacuum analyze');
}
