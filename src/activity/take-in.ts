import type pg from 'pg';
import type { Signal } from './read-signal.js';

/** What became of a signal. `unresolved`: kept until the person registers. */
export type Taken = 'accepted' | 'duplicate' | 'unresolved';

const TAKE_IN = {
  name: 'take-in-signals',
  text: `select outcome from take_in_signals($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
};

/** One statement, so one transaction. Sent again after a lost answer, everything in it is a duplicate. */
export async function takeIn(pool: pg.Pool, signals: readonly Signal[], at: Date): Promise<Taken[]> {
  const { rows } = await pool.query<{ outcome: Taken }>({
    ...TAKE_IN,
    values: [
      at,
      signals.map(({ id }) => id),
      signals.map(({ eventId }) => eventId),
      signals.map(({ source }) => source),
      signals.map(({ sourceId }) => sourceId),
      signals.map(({ type }) => type),
      signals.map(({ registrationId }) => registrationId),
      signals.map(({ generation }) => generation),
      signals.map(({ externalId }) => externalId),
      signals.map((signal) => signal.emailKey),
      signals.map(({ sessionId }) => sessionId),
      signals.map(({ connection }) => connection),
      signals.map(({ onDemand }) => onDemand),
      signals.map((signal) => signal.at),
      signals.map(({ until }) => until),
      signals.map(({ data }) => data),
    ],
  });
  return rows.map(({ outcome }) => outcome);
}
