import type pg from 'pg';
import type { Connector, ObjectTarget } from '../connectors/connector.js';
import type { InTurn } from '../pipelines/calls.js';
import type { DiscrepancyKind, DriftedField } from './discrepancy.js';

export interface FoundDiscrepancy {
  readonly place: number;
  readonly kind: DiscrepancyKind;
  readonly key: string | null;
  readonly target_key: string | null;
  readonly target_id: string | null;
  readonly fields: readonly DriftedField[] | null;
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

/** Takes away what stands there beside ours. @returns the places of those that are gone */
export async function removeThere(
  connector: Connector,
  target: ObjectTarget,
  found: readonly FoundDiscrepancy[],
  inTurn: InTurn,
  note: (done: number) => void,
): Promise<number[]> {
  const removed: number[] = [];
  const max = connector.batchMax(target);
  for (let i = 0; i < found.length; i += max) {
    const part = found.slice(i, i + max);
    const records = part.map(({ target_key, target_id, place }) => ({
      traceId: `removal-${place}`,
      key: target_key!,
      targetId: target_id,
      fields: {},
    }));
    const { outcomes } = await inTurn((options) => connector.remove!(target, records, options));
    part.forEach(({ place }, n) => {
      const { kind } = outcomes[n]!;
      if (kind === 'written' || kind === 'unchanged') removed.push(place);
    });
    note(i + part.length);
  }
  return removed;
}
