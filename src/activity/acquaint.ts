import type pg from 'pg';

/** Whose an id of a platform is. */
export interface Acquaintance {
  readonly eventId: string;
  readonly source: string;
  readonly externalId: string;
  readonly emailKey: string;
}

/** Learns them; signals that named only the platform's id, and waited, count now. The first word on an id holds. */
export async function acquaint(pool: pg.Pool, known: readonly Acquaintance[], at: Date): Promise<void> {
  if (known.length === 0) return;
  await pool.query({
    name: 'acquaint',
    text: 'select acquaint($1, $2, $3, $4, $5)',
    values: [
      at,
      known.map(({ eventId }) => eventId),
      known.map(({ source }) => source),
      known.map(({ externalId }) => externalId),
      known.map(({ emailKey }) => emailKey),
    ],
  });
}
