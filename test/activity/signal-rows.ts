import type pg from 'pg';
import { uuidv7 } from 'uuidv7';

/** A signal as the tests write it straight into the product's own SQL function. */
export interface SignalRow {
  readonly event: string;
  readonly sourceId: string;
  readonly type: string;
  readonly at: string;
  readonly until?: string;
  readonly source?: string;
  readonly email?: string;
  readonly registration?: string;
  readonly externalId?: string;
  readonly session?: string | null;
  readonly connection?: string;
  readonly onDemand?: boolean;
  readonly data?: object;
}

/** @returns the outcome of each, in their order */
export async function takeIn(pool: pg.Pool, signals: readonly SignalRow[]): Promise<string[]> {
  const of = <T>(make: (signal: SignalRow) => T): T[] => signals.map(make);
  const { rows } = await pool.query<{ outcome: string }>(
    `select outcome from take_in_signals(now(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
    [
      of(() => uuidv7()),
      of(({ event }) => event),
      of(({ source }) => source ?? 'test'),
      of(({ sourceId }) => sourceId),
      of(({ type }) => type),
      of(({ registration }) => registration ?? null),
      of(() => null),
      of(({ externalId }) => externalId ?? null),
      of(({ email }) => email ?? null),
      of(({ session }) => session ?? null),
      of(({ connection }) => connection ?? ''),
      of(({ type, onDemand }) => onDemand ?? type === 'watched'),
      of(({ at }) => at),
      of(({ until }) => until ?? null),
      of(({ data }) => (data ? JSON.stringify(data) : null)),
    ],
  );
  return rows.map(({ outcome }) => outcome);
}

/** A session of the event. @returns its id */
export async function addSession(pool: pg.Pool, event: string, code: string): Promise<string> {
  const id = uuidv7();
  await pool.query(
    `insert into sessions (id, event_id, code, title, starts_at, ends_at, kind, created_at, updated_at)
     select $1, id, $3, 'About ' || $3, starts_at, ends_at, 'talk', now(), now() from events where id = $2`,
    [id, event, code],
  );
  return id;
}
