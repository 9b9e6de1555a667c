/**
 * A mapping of events may need one of a stream whose records belong to an event: then it waits for all of them. Each
 * has to be settled in its newest version; one that was refused or left out has its answer too, and is not waited for.
 */
import type pg from 'pg';
import type { DeliveryState } from './delivery.js';

/** Where the records of each stream stand, and their version there. */
const TABLES: Readonly<Record<string, { readonly table: string; readonly version: string }>> = {
  session: { table: 'sessions', version: 'c.version' },
  registration: { table: 'registrations', version: 'c.version' },
  attendance: { table: 'attendance', version: 'c.version' },
  interaction: { table: 'interactions', version: '1' },
};

export interface OpenChild {
  readonly key: string;
  /** Null: it was never taken up. */
  readonly state: DeliveryState | null;
}

export function isOfChildren(ownStream: string, stream: string | null): boolean {
  return ownStream === 'event' && stream !== null && Object.hasOwn(TABLES, stream);
}

/** One that is still open for each event that has any: when it is settled, the event looks for the next. */
export async function childrenOf(
  pool: Pick<pg.ClientBase, 'query'>,
  mapping: string,
  stream: string,
  events: readonly string[],
): Promise<ReadonlyMap<string, OpenChild>> {
  const { table, version } = TABLES[stream]!;
  const { rows } = await pool.query<OpenChild & { readonly event: string }>({
    name: `open-${table}`,
    text: `select e.id as event, o.key, o.state
             from unnest($2::uuid[]) as e (id)
             join lateral (
               select c.id as key, d.state
                 from ${table} c left join deliveries d on d.mapping = $1 and d.key = c.id
                where c.event_id = e.id and coalesce(d.version, 0) < ${version}
                order by c.id limit 1) o on true`,
    values: [mapping, events],
  });
  return new Map(rows.map(({ event, key, state }) => [event, { key, state }]));
}
