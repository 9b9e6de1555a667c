import type pg from 'pg';
import type { DiscrepancyKind, DriftedField } from './discrepancy.js';
import { see, type Seeing } from './seen.js';

export interface FoundDiscrepancy {
  readonly place: number;
  readonly kind: DiscrepancyKind;
  readonly key: string | null;
  readonly target_key: string | null;
  readonly target_id: string | null;
  readonly fields: readonly DriftedField[] | null;
  /** What a removal has to find there; null: nobody could read it by its id. */
  readonly seen_sha256: string | null;
}

// What was found there is forgotten in the shadow, so that exactly that is written: the drifted fields, or everything
// where the object is gone or another one. A delivery that moved since is left alone: it was written anew.
const WRITE_AGAIN = `
  with asked as (
    select * from unnest($2::uuid[], $3::text[], $4::boolean[]) as a (key, fields, is_gone)
  ), forgotten as (
    update deliveries d
       set shadow = case when a.is_gone then null
                         else (d.shadow::jsonb - array(select json_array_elements_text(a.fields::json)))::text end,
           target_id = case when a.is_gone then null else d.target_id end
      from asked a
     where d.mapping = $1 and d.key = a.key and d.next_attempt_at is null
  )
  insert into redeliveries (mapping, key, slot)
  select $1, a.key, c.slot
    from asked a
    join lateral (select slot from changes where key = a.key and stream = $5 order by version desc limit 1) c on true
  on conflict do nothing`;

/** What is ours is delivered again through its lane, verified like everything else. */
export async function writeAgain(
  pool: pg.Pool,
  mapping: { readonly name: string; readonly stream: string },
  found: readonly FoundDiscrepancy[],
): Promise<number> {
  const ours = found.filter(({ key }) => key !== null);
  if (ours.length === 0) return 0;
  const isWhole = ({ kind }: FoundDiscrepancy): boolean => kind !== 'drifted' && kind !== 'stale';
  await pool.query(WRITE_AGAIN, [
    mapping.name,
    ours.map(({ key }) => key),
    ours.map(({ fields }) => JSON.stringify((fields ?? []).map(({ field }) => field))),
    ours.map(isWhole),
    mapping.stream,
  ]);
  return ours.length;
}

/**
 * Takes away what stands there beside ours, each read once more right before: what is another by now, or could not be
 * read, stays.
 * @returns the places of those that are gone
 */
export async function removeThere(
  by: Seeing,
  found: readonly FoundDiscrepancy[],
  note: (done: number) => void,
): Promise<number[]> {
  const { connector, target, inTurn } = by;
  const removed: number[] = [];
  const max = connector.batchMax(target);
  for (let i = 0; i < found.length; i += max) {
    const part = await unchangedSince(found.slice(i, i + max), by);
    const records = part.map(({ target_key, target_id, place }) => ({
      traceId: `removal-${place}`,
      key: target_key!,
      targetId: target_id,
      fields: {},
    }));
    const outcomes =
      records.length === 0
        ? []
        : (await inTurn((options) => connector.remove!(target, records, options))).outcomes;
    part.forEach(({ place }, n) => {
      const { kind } = outcomes[n]!;
      if (kind === 'written' || kind === 'unchanged') removed.push(place);
    });
    note(Math.min(found.length, i + max));
  }
  return removed;
}

async function unchangedSince(found: readonly FoundDiscrepancy[], by: Seeing): Promise<FoundDiscrepancy[]> {
  const suspects = found.flatMap(({ target_key: targetKey, target_id: targetId }) =>
    targetKey === null || targetId === null ? [] : [{ targetKey, targetId }],
  );
  const seen = new Map((await see(suspects, by)).map((one, n) => [suspects[n]!.targetId, one]));
  return found.filter(({ target_id: id, seen_sha256: before }) => {
    if (before === null) return true;
    const now = id === null ? undefined : seen.get(id);
    return now?.kind === 'gone' || (now?.kind === 'there' && now.sha256 === before);
  });
}
