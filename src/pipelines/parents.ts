import type pg from 'pg';
import type { CompiledMapping, MappingReason, Targets } from '../mapping/compiled-mapping.js';
import { childrenOf, isOfChildren } from './children.js';
import type { DeliveryState, Taken } from './delivery.js';

/** A mapping whose delivery must be there first. */
export interface Need {
  readonly mapping: string;
  /** Null: no mapping of this name is in force. */
  readonly stream: string | null;
}

/** A record's delivery that another one waits for. */
export interface WaitedFor {
  readonly mapping: string;
  /** Null: the record tells no parent. */
  readonly key: string | null;
  /** Null: it was never taken up. */
  readonly state: DeliveryState | null;
  /** It belongs to the record that waits, not the other way round. */
  readonly isChild?: true;
}

/** How a record's parents stand. */
export interface Parents {
  /** Those that stand at their backends, for `target("…")`. */
  readonly targets: Targets;
  readonly missing: readonly WaitedFor[];
}

export const NO_PARENTS: Parents = { targets: {}, missing: [] };

const STANDING: ReadonlySet<DeliveryState> = new Set(['sent', 'verified', 'retained']);

/** Not sent, and nothing is under way that would change it. */
const LEFT_OUT: ReadonlySet<DeliveryState> = new Set(['suppressed', 'erased']);

interface Row {
  mapping: string;
  key: string;
  state: DeliveryState;
  target_id: string | null;
}

/** One look for all records of a round; by the record's key. */
export async function readParents(
  pool: Pick<pg.ClientBase, 'query'>,
  taken: readonly Taken[],
  mapping: CompiledMapping,
  needs: readonly Need[],
): Promise<ReadonlyMap<string, Parents>> {
  if (needs.length === 0 || taken.length === 0) return new Map();
  const isOfAll = ({ stream }: Need): boolean => isOfChildren(mapping.stream, stream);
  const ofParents = needs.filter((need) => !isOfAll(need));
  const asked = taken.flatMap((record) =>
    ofParents.map((need) => ({ record, need, key: parentKey(record, mapping.stream, need.stream) })),
  );
  const known = asked.filter(({ key }) => key !== null);
  const { rows } = await pool.query<Row>({
    name: 'parents',
    text: `select d.mapping, d.key, d.state, d.target_id
             from unnest($1::text[], $2::uuid[]) as n (mapping, key)
             join lateral (
               select * from deliveries where deliveries.mapping = n.mapping and deliveries.key = n.key limit 1) d on true`,
    values: [known.map(({ need }) => need.mapping), known.map(({ key }) => key)],
  });
  const found = new Map(rows.map((row) => [`${row.mapping}/${row.key}`, row]));
  const parents = new Map<string, { targets: Record<string, { id: string }>; missing: WaitedFor[] }>();
  for (const { record, need, key } of asked) {
    const of = parents.get(record.key) ?? { targets: {}, missing: [] };
    parents.set(record.key, of);
    const row = found.get(`${need.mapping}/${key}`);
    if (row?.target_id != null && STANDING.has(row.state)) of.targets[need.mapping] = { id: row.target_id };
    else of.missing.push({ mapping: need.mapping, key, state: row?.state ?? null });
  }
  const keys = taken.map(({ key }) => key);
  for (const need of needs.filter(isOfAll)) {
    for (const [key, child] of await childrenOf(pool, need.mapping, need.stream!, keys)) {
      const of = parents.get(key) ?? { targets: {}, missing: [] };
      parents.set(key, of);
      of.missing.push({ mapping: need.mapping, ...child, isChild: true });
    }
  }
  return parents;
}

/** Why a record is not sent for want of its parent: it waits, or is left out with it. */
export function reasonToWait(missing: WaitedFor, { file }: CompiledMapping): MappingReason {
  const isOut = isLeftOut(missing);
  const message = missing.isChild
    ? `Waits until ${missing.mapping} has delivered every record that belongs to this one.`
    : missing.key === null
      ? `The record names nothing that ${missing.mapping} would have sent.`
      : isOut
        ? `${missing.mapping} does not send the record that this one belongs to.`
        : missing.state === 'rejected'
          ? `The record of ${missing.mapping} that this one belongs to was refused: put that right first.`
          : `Waits until ${missing.mapping} has delivered the record that this one belongs to.`;
  const code = isOut ? 'parent-not-sent' : 'waits-for-parent';
  return { code, message, owner: 'data', file, line: 1, field: null };
}

export function isLeftOut({ state, isChild }: WaitedFor): boolean {
  return !isChild && state !== null && LEFT_OUT.has(state);
}

/** The key of the record in the parent's stream that this one belongs to. */
export function parentKey(record: Taken, ownStream: string, stream: string | null): string | null {
  if (stream === ownStream) return record.key;
  const snapshot = record.snapshot as Record<string, { id?: unknown } | undefined> & { personId?: unknown };
  const id =
    stream === null ? null : (snapshot[stream]?.id ?? (stream === 'person' ? snapshot.personId : null));
  return typeof id === 'string' ? id : null;
}
