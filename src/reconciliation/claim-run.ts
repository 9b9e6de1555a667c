import type pg from 'pg';
import { uuidv7 } from 'uuidv7';

/** Runs, and what they found, are kept so long: a discrepancy holds values of people. */
const KEPT_DAYS = 30;

export interface RunSlot {
  readonly schedule: string;
  readonly slot: Date;
}

// Each is a statement of its own: a run that died must be seen as such before another takes its place.
const FORGET_OLD = `delete from reconciliations where created_at < clock_timestamp() - $1 * interval '1 day'`;

/** A run of a schedule whose process stopped gives its slot back. */
const FIND_DEAD = `
  update reconciliations set state = 'failed', failure = 'The process that ran it stopped.', slot = null
   where state = 'running' and seen_at < clock_timestamp() - interval '1 minute'`;

// Before a mapping was ever in force no slot of it was missed.
const CLAIM = `
  insert into reconciliations (id, mapping, state, created_by, schedule, slot)
  select $1, $2, 'running', $3, $4, $5::timestamptz
   where $5 is null or exists (select 1 from mapping_versions where mapping = $2 and applied_at <= $5)
      on conflict do nothing`;

/**
 * Begins a run of a mapping, of which there is one at a time; a slot of a schedule is run once.
 * @returns its id; null where one is under way, or the slot was run
 */
export async function claimRun(
  client: Pick<pg.ClientBase, 'query'>,
  mapping: string,
  by: string,
  of: RunSlot | null,
  id = uuidv7(),
): Promise<string | null> {
  await client.query(FORGET_OLD, [KEPT_DAYS]);
  await client.query(FIND_DEAD);
  const { rowCount } = await client.query(CLAIM, [id, mapping, by, of?.schedule ?? null, of?.slot ?? null]);
  return rowCount === 0 ? null : id;
}
