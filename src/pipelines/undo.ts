import type pg from 'pg';
import type { Irreversible } from './displaced.js';
import { IN_PLACE } from './displaced-notes.js';

/** Something that an undo leaves otherwise than it stood before. */
export interface Unrestored {
  readonly reason: Irreversible;
  /** Null where it is about the records as a whole. */
  readonly field: string | null;
  readonly records: number;
  /** The first few of them. */
  readonly keys: readonly string[];
  readonly message: string;
}

const KEYS_MAX = 5;

// An undo and the undo of it take each other's place, over and over: whichever is in force takes back all versions of
// the other one, since each may have left records that nobody came to.
const TAKE_BACK = `
  with turns as (
    select applied_version as version, hash from plans where (id = $2 or undoes = $2) and applied_version is not null
  )
  update mappings set undone = array(
      select v from unnest(undone) v where v not in (select version from turns where hash = $3)
      union select version from turns where hash <> $3)
   where name = $1`;

/** Has what these versions displaced put back with the next delivery of each record. @param plan the one that is undone */
export async function takeBack(
  client: pg.ClientBase,
  mapping: string,
  plan: string,
  hash: string,
): Promise<void> {
  await client.query(TAKE_BACK, [mapping, plan, hash]);
}

/**
 * Another version is in force by something else than an undo: nobody comes back to what stood before the last one. What
 * an undo is still to put back goes on.
 */
export async function forgetDisplaced(client: pg.ClientBase, mapping: string): Promise<void> {
  await client.query(
    `delete from displaced d using mappings m
      where d.mapping = $1 and m.name = d.mapping
        and (d.version <> all (m.undone) or d.why is not null or not ${IN_PLACE})`,
    [mapping],
  );
  await client.query(
    `update mappings m
        set undone = array(select v from unnest(m.undone) v
                            where exists (select from displaced d where d.mapping = m.name and d.version = v))
      where m.name = $1 and m.undone <> '{}'`,
    [mapping],
  );
}

/** What the undo that was begun cannot put back. */
export async function unrestored(client: pg.ClientBase, mapping: string): Promise<Unrestored[]> {
  const { rows } = await client.query<Omit<Unrestored, 'message'>>(
    `with lost as (
       select d.why as reason, nullif(d.field, '') as field, d.key from displaced d
        where d.mapping = $1 and d.version = any ((select undone from mappings where name = $1)::integer[])
          and d.why is not null and (d.why <> 'unknown' or ${IN_PLACE})
          and not exists (
            select from displaced o
             where o.mapping = d.mapping and o.key = d.key and o.field = d.field and o.version < d.version
               and o.version = any ((select undone from mappings where name = $1)::integer[]))
     )
     select reason, field, count(*)::int as records, (array_agg(key order by key))[1:$2] as keys
       from lost group by reason, field order by reason, field`,
    [mapping, KEYS_MAX],
  );
  return rows.map((row) => ({ ...row, message: MESSAGES[row.reason](row.field) }));
}

const MESSAGES: Record<Irreversible, (field: string | null) => string> = {
  unknown: (field) =>
    `${field} stays as the undone version wrote it: nobody knew what stood there before. A plan with read looks first.`,
  created: () => 'The undone version sent them for the first time: they stay there, as whenNot says.',
  rekeyed: () => 'The undone version wrote them under another key: what it wrote there stays beside them.',
  removed: () => 'The undone version removed them: they are made anew from what is known of them.',
};
