import type pg from 'pg';
import { isWorthAnotherTry } from '../platform/database/transaction.js';
import type { GivenConsent } from './check-registration.js';
import type { AttendeeDto } from './registration.dto.js';

const TRIES_MAX = 3;

/** A registration as it will be. */
export interface Amended {
  readonly attendee: AttendeeDto;
  readonly answers: Record<string, unknown>;
  readonly formVersion: number;
  /** What is consented to or refused now; the rest stays. */
  readonly consents: readonly GivenConsent[];
  /** All its sessions, or undefined where they stay. */
  readonly sessionIds: readonly string[] | undefined;
}

type Outcome = 'amended' | 'stale' | 'cancelled' | 'session-full' | 'unknown';

/** Writes it if it still has the version that was read. */
export async function amendRegistration(
  pool: pg.Pool,
  { id, version }: { readonly id: string; readonly version: number },
  amended: Amended,
  at: Date,
): Promise<Outcome> {
  const row = await query<{ outcome: Outcome }>(
    pool,
    'select amend_registration($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) as outcome',
    [
      id,
      version,
      at,
      JSON.stringify(amended.attendee),
      JSON.stringify(amended.answers),
      amended.formVersion || null,
      amended.consents.map(({ purpose }) => purpose),
      amended.consents.map(({ granted }) => granted),
      amended.consents.map(({ textVersion }) => textVersion),
      amended.sessionIds ?? null,
    ],
  );
  return row.outcome;
}

/** Cancels it, if it is not yet, and promotes the head of the waitlist where a place became free. */
export async function cancelRegistration(pool: pg.Pool, id: string, at: Date): Promise<void> {
  await query(pool, 'select cancel_registration($1, $2)', [id, at]);
}

async function query<Row extends pg.QueryResultRow>(
  pool: pg.Pool,
  text: string,
  values: unknown[],
): Promise<Row> {
  for (let tries = 1; ; tries++) {
    try {
      return (await pool.query<Row>(text, values)).rows[0]!;
    } catch (error) {
      if (tries >= TRIES_MAX || !isWorthAnotherTry(error)) throw error;
    }
  }
}
