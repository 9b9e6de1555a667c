import type pg from 'pg';
import type { CompiledMapping } from '../mapping/compiled-mapping.js';
import type { Taken } from '../pipelines/delivery.js';
import { type Need, readParents } from '../pipelines/parents.js';

/** A delivery of ours as far as a look at what moved needs it. */
export interface OurRow {
  readonly key: string;
  readonly targetKey: string | null;
  readonly targetId: string | null;
  /** Over everything in it that a comparison depends on: 8 bytes in decimal digits, the same as long as the row is. */
  readonly digest: string;
}

// Whoever wrote the row, and whether its time was kept: the digest is made of what stands there now.
const ROWS = `
  declare our_rows no scroll cursor for
  select key, target_key as "targetKey", target_id as "targetId",
         hash_record_extended(row(version, wanted, state, sent, target_id, target_key, shadow,
                                  next_attempt_at is null), 0) as digest
    from deliveries where mapping = $1`;

const FETCH = 'fetch 5000 from our_rows';

/** Every delivery of a mapping, within the caller's transaction. */
export async function* ourRows(client: pg.ClientBase, mapping: string): AsyncGenerator<OurRow[]> {
  await client.query('set local cursor_tuple_fraction = 1');
  await client.query(ROWS, [mapping]);
  for (;;) {
    const { rows } = await client.query<OurRow>(FETCH);
    if (rows.length === 0) break;
    yield rows;
  }
  await client.query('close our_rows');
}

/** The records of a stream that changed after one position of the log, and up to another. */
export async function changedSince(
  client: pg.ClientBase,
  stream: string,
  after: string,
  upTo: string,
): Promise<Set<string>> {
  const { rows } = await client.query<{ key: string }>(
    'select distinct key from changes where stream = $1 and seq > $2 and seq <= $3',
    [stream, after, upTo],
  );
  return new Set(rows.map(({ key }) => key));
}

// Each with its newest change at that position.
const SNAPSHOTS = `
  select k.key, c.slot, c.version, c.snapshot from unnest($1::uuid[]) as k (key)
    join lateral (select slot, version, snapshot from changes where key = k.key and stream = $2 and seq <= $3
                   order by version desc limit 1) c on true`;

/** The keys at the target that these records would have, whether they have a delivery or not. */
export async function targetKeysOf(
  client: pg.ClientBase,
  mapping: CompiledMapping,
  needs: readonly Need[],
  keys: readonly string[],
  position: string,
): Promise<string[]> {
  if (keys.length === 0) return [];
  const { rows } = await client.query<Omit<Taken, 'previous'>>(SNAPSHOTS, [keys, mapping.stream, position]);
  const taken = rows.map((row): Taken => ({ ...row, previous: null }));
  return keysAtTarget(client, mapping, needs, taken);
}

/** The key may be made of a parent's id: of one whose parent does not stand nobody knows it. */
export async function keysAtTarget(
  client: Pick<pg.ClientBase, 'query'>,
  mapping: CompiledMapping,
  needs: readonly Need[],
  taken: readonly Taken[],
): Promise<string[]> {
  const parents = await readParents(client, taken, mapping, needs);
  return taken.flatMap(
    ({ key, snapshot }) => mapping.evaluate(snapshot, parents.get(key)?.targets).key ?? [],
  );
}
