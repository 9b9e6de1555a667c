import type pg from 'pg';
import type { Write } from './decide.js';
import { type Settlement, unchanged } from './delivery.js';

// A claim is void once its holder was never sent and is left out, was erased, or stands under another key.
const CLAIM = `
  insert into target_claims as c (mapping, target_key, key)
  select $1, a.target_key, a.key from unnest($2::text[], $3::uuid[]) as a (target_key, key) order by a.target_key
  on conflict (mapping, target_key) do update
     set key = case when exists (
               select 1 from deliveries d
                where d.mapping = c.mapping and d.key = c.key
                  and (d.state = 'erased' or (d.state = 'suppressed' and not d.sent) or d.target_key <> c.target_key))
             then excluded.key else c.key end
  returning c.target_key, c.key`;

/**
 * Claims the keys that these records are to be written under: one object, one record of ours. The first to claim keeps
 * the key; one that comes second is refused, and both are named.
 */
export async function claimKeys(
  pool: pg.Pool,
  mapping: string,
  writes: readonly Write[],
): Promise<{ writes: readonly Write[]; refused: readonly Settlement[] }> {
  const asking = new Map<string, string>();
  for (const { key, taken, isRemoval } of writes) {
    if (key !== taken.key && isRemoval !== true && !asking.has(key)) asking.set(key, taken.key);
  }
  if (asking.size === 0) return { writes, refused: [] };
  const { rows } = await pool.query<{ target_key: string; key: string }>({
    name: 'claim-keys',
    text: CLAIM,
    values: [mapping, [...asking.keys()], [...asking.values()]],
  });
  const holders = new Map(rows.map((row) => [row.target_key, row.key]));
  const isRefused = ({ key, taken, isRemoval }: Write): boolean => {
    const holder = holders.get(key);
    return isRemoval !== true && holder !== undefined && holder !== taken.key;
  };
  return {
    writes: writes.filter((write) => !isRefused(write)),
    refused: writes.filter(isRefused).map((write) => duplicate(write, holders.get(write.key)!)),
  };
}

function duplicate({ taken }: Write, holder: string): Settlement {
  const message = `${taken.key} and ${holder} claim the same key at the target; ${holder} has it.`;
  return {
    ...unchanged(taken),
    state: 'rejected',
    reason: { code: 'duplicate-target', message, owner: 'data' },
  };
}
