import type pg from 'pg';
import type { Logger } from '../platform/logger.js';

/** In place of a kind of call: the destination as a whole. */
export const WHOLE = '';

export interface Trouble {
  readonly destination: string;
  /** What is written there and how; `WHOLE` where nothing goes through. */
  readonly kind: string;
  /** Null: it goes through. */
  readonly trouble: string | null;
}

/** Only the worker that changes the row says it; without the database nothing else goes on, and the next one says it. */
export function noteTrouble(pool: pg.Pool, logger: Logger, { destination, kind, trouble }: Trouble): void {
  const of = kind === WHOLE ? { destination } : { destination, kind };
  write(pool, { destination, kind, trouble })
    .then(({ rowCount }) => {
      if (rowCount === 0) return;
      if (trouble === null) logger.info(of, 'the destination accepts our credentials again');
      else if (kind === WHOLE)
        logger.error(
          { ...of, reason: trouble },
          'the destination does not accept our credentials: nothing is sent there until they are put right',
        );
      else
        logger.error(
          { ...of, reason: trouble },
          'the destination does not accept our credentials for this: none of it is sent there until they are put right',
        );
    })
    .catch(() => undefined);
}

function write(pool: pg.Pool, { destination, kind, trouble }: Trouble): Promise<pg.QueryResult> {
  if (kind === WHOLE) return writeOfWhole(pool, destination, trouble);
  if (trouble === null)
    return pool.query('delete from destination_troubles where destination = $1 and kind = $2', [
      destination,
      kind,
    ]);
  return pool.query(
    `insert into destination_troubles (destination, kind, trouble, trouble_at)
     values ($1, $2, $3, clock_timestamp()) on conflict do nothing`,
    [destination, kind, trouble],
  );
}

function writeOfWhole(pool: pg.Pool, destination: string, trouble: string | null): Promise<pg.QueryResult> {
  if (trouble === null)
    return pool.query(
      `update call_budgets set trouble = null, trouble_at = clock_timestamp()
        where destination = $1 and trouble is not null`,
      [destination],
    );
  return pool.query(
    `insert into call_budgets as b (destination, day, trouble, trouble_at)
     values ($1, (clock_timestamp() at time zone 'UTC')::date, $2, clock_timestamp())
     on conflict (destination) do update set trouble = excluded.trouble, trouble_at = excluded.trouble_at
      where b.trouble is null`,
    [destination, trouble],
  );
}
