import type pg from 'pg';
import type { FieldValue } from '../connectors/connector.js';
import { arrayLiteral, jsonTexts, textsOf } from '../platform/database/array-literals.js';
import type { Write } from './decide.js';
import type { Displaced } from './displaced.js';
import { SETTLED_STATES, type Settlement, type Taken } from './delivery.js';

type Client = Pick<pg.ClientBase, 'query'>;

// Once noted stays noted: what stands there later is the version's own.
const NOTE = `
  insert into displaced (mapping, version, key, slot, field, value, why)
  select $1, $2, n.* from unnest($3::uuid[], $4::smallint[], $5::text[], ${textsOf('$6')}, $7::text[]) n
  on conflict do nothing`;

/** Notes what the writes are about to displace; to be awaited before any of them leaves. */
export async function noteDisplaced(
  client: Client,
  mapping: string,
  version: number,
  writes: readonly Write[],
  displacedBy: (write: Write) => readonly Displaced[],
): Promise<void> {
  const notes = writes.flatMap((write) => displacedBy(write).map((one) => ({ taken: write.taken, ...one })));
  if (notes.length === 0) return;
  await client.query({
    name: 'note-displaced',
    text: NOTE,
    values: [
      mapping,
      version,
      arrayLiteral(notes.map(({ taken }) => taken.key)),
      arrayLiteral(notes.map(({ taken }) => taken.slot)),
      notes.map(({ field }) => field ?? ''),
      jsonTexts(notes.map(({ value }) => value)),
      arrayLiteral(notes.map(({ why }) => why)),
    ],
  });
}

/** Of `d`: what was written to an object that was not there before, or is another one, is nothing to put back. */
export const IN_PLACE = `not exists (
  select from displaced w where w.mapping = d.mapping and w.key = d.key and w.version = d.version
     and w.why in ('created', 'rekeyed'))`;

// The earliest of several undone versions knows best.
const RESTORES = `
  select distinct on (d.key, d.field) d.key, d.field, d.value from displaced d
   where d.mapping = $1 and d.key = any($2::uuid[]) and d.version = any($3::integer[]) and d.why is null and ${IN_PLACE}
   order by d.key, d.field, d.version`;

/** @returns the records, each with what an undo has to put back there */
export async function withRestores(
  client: Client,
  mapping: string,
  undone: readonly number[],
  taken: readonly Taken[],
): Promise<readonly Taken[]> {
  if (undone.length === 0 || taken.length === 0) return taken;
  const { rows } = await client.query<{ key: string; field: string; value: string | null }>({
    name: 'restores',
    text: RESTORES,
    values: [mapping, arrayLiteral(taken.map(({ key }) => key)), undone],
  });
  const restores = new Map<string, Record<string, FieldValue>>();
  for (const { key, field, value } of rows) {
    const restore = restores.get(key) ?? {};
    restore[field] = value === null ? null : (JSON.parse(value) as FieldValue);
    restores.set(key, restore);
  }
  return taken.map((record) => {
    const restore = restores.get(record.key);
    return restore ? { ...record, restore } : record;
  });
}

/** Forgets what was put back and stands there. */
export async function forgetRestored(
  client: Client,
  mapping: string,
  undone: readonly number[],
  settlements: readonly Settlement[],
): Promise<void> {
  const keys = settlements.filter(isRestored).map(({ taken }) => taken.key);
  if (keys.length === 0) return;
  await client.query({
    name: 'forget-restored',
    text: 'delete from displaced where mapping = $1 and key = any($2::uuid[]) and version = any($3::integer[])',
    values: [mapping, arrayLiteral(keys), undone],
  });
}

/** As long as there is a look to come, it may have to be written once more. */
function isRestored({ taken, state, nextAttemptAt }: Settlement): boolean {
  return taken.restore != null && nextAttemptAt === null && state !== 'rejected' && SETTLED_STATES.has(state);
}
