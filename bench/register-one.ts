import { createHash } from 'node:crypto';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';

let n = 0;

/** A registration request that nobody made before, as a client sends it. */
export function newRequest(): { body: string; key: string } {
  n += 1;
  const email = `p${process.pid}-${n}-${uuidv7().slice(-12)}@example.com`;
  const attendee = {
    email,
    firstName: 'Ana',
    lastName: 'Ruiz',
    company: 'Example Ltd',
    jobTitle: 'Engineer',
    country: 'ES',
  };
  const consents = [{ purpose: 'marketing', granted: true }];
  return { body: JSON.stringify({ attendee, answers: {}, consents }), key: uuidv7() };
}

// The product's own function with a batch of one: the same rows, the same checks, the same change.
const REGISTER_ONE = `
  select * from register_batch(clock_timestamp(), interval '30 days', array[$1::uuid], array[$2::uuid],
    array[$3::uuid], array[$4::text], array[$4::text], array['Ana'], array['Ruiz'], array['Example Ltd'],
    array['Engineer'], array['ES'], array[null]::text[], array[null]::text[], array[$5::json], array['{}'::json],
    array[null::json], array[1], array[$6::uuid], array[$7::text], array[$8::bytea], array[1], array['marketing'],
    array[true], array['1'], '{}'::integer[], '{}'::uuid[])`;

/** One registration by one statement, prepared. */
export async function registerOne(
  client: Pick<pg.ClientBase, 'query'>,
  event: string,
  request: { body: string; key: string },
): Promise<void> {
  const { attendee } = JSON.parse(request.body) as { attendee: { email: string } };
  const scope = '01890000-0000-7000-8000-000000000000';
  const hash = createHash('sha256').update(request.body).digest();
  const values = [
    uuidv7(),
    event,
    uuidv7(),
    attendee.email,
    JSON.stringify(attendee),
    scope,
    request.key,
    hash,
  ];
  const { rows } = await client.query<{ outcome: string }>({
    name: 'register-one',
    text: REGISTER_ONE,
    values,
  });
  if (rows[0]?.outcome !== 'confirmed') throw new Error(`a baseline registration was ${rows[0]?.outcome}`);
}
