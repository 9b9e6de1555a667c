import type pg from 'pg';
import type { Stream } from '../mapping/source-contract.js';

/** A record of a stream in its newest version, without what it says. */
export interface RecordOfPerson {
  readonly key: string;
  readonly version: number;
  readonly at: Date;
}

/** `$1` is an e-mail, in any case. Each goes by the unique index of e-mails, and then by one of the person's records. */
const KEYS = {
  person: 'select id as key from persons where email_key = lower($1)',
  registration: of('registrations'),
  attendance: of('attendance'),
  interaction: of('interactions'),
} as const satisfies Partial<Record<Stream, string>>;

/** The streams whose records are of a person. */
export type StreamOfPersons = keyof typeof KEYS;

/** Every key that the records of a person have in any stream, by their e-mail as `$1`. */
export const KEYS_OF_EMAIL = Object.values(KEYS).join(' union all ');

export function isOfPersons(stream: string): stream is StreamOfPersons {
  return Object.hasOwn(KEYS, stream);
}

/**
 * The records of a stream whose person has this e-mail now, the newest first: whether or not a mapping has come to
 * them.
 * @param before the key of the last one seen
 */
export async function recordsOfEmail(
  pool: pg.Pool,
  stream: StreamOfPersons,
  email: string,
  limit: number,
  before: string | null,
): Promise<RecordOfPerson[]> {
  const { rows } = await pool.query<RecordOfPerson>({
    name: `records-of-email-${stream}`,
    text: `select k.key, c.version, c.at
             from (${KEYS[stream]}) k
             cross join lateral (select version, at from changes where key = k.key and stream = $2
                                  order by version desc limit 1) c
            where $3::uuid is null or k.key < $3
            order by k.key desc limit $4`,
    values: [email.trim(), stream, before, limit],
  });
  return rows;
}

function of(table: string): string {
  return `select r.id as key from persons p join ${table} r on r.person_id = p.id where p.email_key = lower($1)`;
}
