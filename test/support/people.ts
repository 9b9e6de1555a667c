import type pg from 'pg';
import { uuidv7 } from 'uuidv7';

/** Writes registrations by the product's own SQL functions, for tests that need records but no HTTP. */
export class People {
  constructor(private readonly pool: pg.Pool) {}

  async event(slug: string): Promise<string> {
    const id = uuidv7();
    await this.pool.query(
      `insert into events (id, slug, name, starts_at, ends_at, time_zone, state, created_at, updated_at)
       values ($1, $2, $2, now() + interval '30 days', now() + interval '31 days', 'UTC', 'open', now(), now())`,
      [id, slug],
    );
    return id;
  }

  /** @returns the registrations' ids */
  async register(event: string, emails: readonly string[], consents = true): Promise<string[]> {
    const ids = emails.map(() => uuidv7());
    const of = <T>(make: (email: string, i: number) => T): T[] => emails.map(make);
    const none = of(() => null);
    const attendee = (email: string): string => JSON.stringify({ email, firstName: 'Ana', lastName: 'Ruiz' });
    await this.pool.query(
      `select * from register_batch(now(), interval '30 days', $1, $2, $3, $4, $5, $6, $7, $8, $8, $8, $8, $8,
         $9::json[], $10::json[], $10::json[], $11, $12, $8, $13, $14, $15, $16, $17, '{}'::int[], '{}'::uuid[])`,
      [
        ids,
        of(() => event),
        of(() => uuidv7()),
        of((email) => email.toLowerCase()),
        emails,
        of(() => 'Ana'),
        of(() => 'Ruiz'),
        none,
        of(attendee),
        of(() => '{}'),
        none,
        none,
        none,
        consents ? of((_, i) => i + 1) : [],
        consents ? of(() => 'marketing') : [],
        consents ? of(() => true) : [],
        consents ? of(() => '1') : [],
      ],
    );
    return ids;
  }

  /** Gives the person another first name, as an amendment does. */
  async rename(registration: string, firstName: string): Promise<void> {
    const { rows } = await this.pool.query<{ version: number; attendee: object }>(
      'select version, attendee from registrations where id = $1',
      [registration],
    );
    const attendee = JSON.stringify({ ...rows[0]!.attendee, firstName });
    await this.pool.query(
      `select amend_registration($1, $2, now(), $3::json, '{}'::json, null, '{}', '{}', '{}', null)`,
      [registration, rows[0]!.version, attendee],
    );
  }

  async cancel(registration: string): Promise<void> {
    await this.pool.query('select cancel_registration($1, now())', [registration]);
  }
}
