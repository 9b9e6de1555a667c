import type pg from 'pg';
import type { Connector, ObjectTarget } from '../connectors/connector.js';
import type { CompiledMapping } from '../mapping/compiled-mapping.js';
import { hashOf } from './activate.js';
import type { ChangeKind, PlannedRecord } from './compare-record.js';
import { fieldsOf } from './delivery-row.js';
import { type Comparison, comparePage } from './plan-mapping.js';
import { type PlanSample, type ReasonCount, sampleOf } from './plan-samples.js';
import type { Plan } from './plan.js';
import { withKnown } from './read-unknown.js';
import { theseRecords } from './stream-records.js';
import type { DuplicateKey } from './target-keys.js';

/** What a plan keeps of what it showed beside its counts: none of it is a value of a person. */
export interface Shown {
  readonly samples: readonly (readonly [key: string, kind: ChangeKind])[];
  readonly reasons: readonly ReasonCount[];
  readonly duplicates: readonly DuplicateKey[];
}

/** What telling a plan again asks of those around it. */
export interface Telling {
  readonly compile: (stored: { file: string; source: string }) => CompiledMapping;
  readonly comparison: (from: CompiledMapping | null, to: CompiledMapping) => Promise<Comparison>;
  readonly backend: (to: CompiledMapping) => { connector: Connector; target: ObjectTarget } | null;
}

interface Row extends Pick<Plan, 'id' | 'mapping' | 'counts' | 'calls' | 'limits'> {
  file: string;
  source: string;
  hash: string;
  position: string;
  shown: Shown;
  created_at: Date;
  from_version: number | null;
  from_file: string | null;
  from_source: string | null;
}

const PLAN = `
  select p.id, p.mapping, p.counts, p.calls, p.limits, p.file, p.source, p.hash, p.position, p.shown, p.created_at,
         p.from_version, v.file as from_file, v.source as from_source
    from plans p left join mapping_versions v on v.mapping = p.mapping and v.version = p.from_version
   where p.id = $1 and p.shown is not null`;

/** @returns null where it is not kept any more */
export async function toldAgain(pool: pg.Pool, id: string, by: Telling): Promise<Plan | null> {
  const { rows } = await pool.query<Row>(PLAN, [id]);
  const row = rows[0];
  if (!row) return null;
  const to = by.compile(row);
  const from =
    row.from_source === null ? null : by.compile({ file: row.from_file!, source: row.from_source });
  return {
    id,
    mapping: row.mapping,
    from: from && { version: row.from_version!, hash: hashOf(from.source) },
    to: { hash: row.hash, file: row.file },
    position: Number(row.position),
    counts: row.counts,
    samples: await samplesOf(pool, row, to, await by.comparison(from, to), by.backend(to)),
    reasons: row.shown.reasons,
    duplicates: row.shown.duplicates,
    calls: row.calls,
    limits: row.limits,
    createdAt: row.created_at.toISOString(),
  };
}

/** Values are made again, not kept. A record of which the plan would say something else by now is left out. */
async function samplesOf(
  pool: pg.Pool,
  { id, position, shown }: Row,
  to: CompiledMapping,
  comparison: Comparison,
  backend: ReturnType<Telling['backend']>,
): Promise<PlanSample[]> {
  const keys = shown.samples.map(([key]) => key);
  if (keys.length === 0) return [];
  const client = await pool.connect();
  try {
    const records = await theseRecords(client, to.stream, position, to.name, keys);
    const { rows } = await client.query<{ key: string; known: string }>(
      'select key, known from plan_records where plan = $1 and key = any($2) and known is not null',
      [id, keys],
    );
    const known = new Map(rows.map((row) => [row.key, fieldsOf(row.known)!]));
    const again = new Map<string, PlannedRecord>();
    for (const record of await comparePage(client, records, comparison)) {
      const read = known.get(record.key);
      const told =
        read && backend ? withKnown(record, read, backend.connector, backend.target).record : record;
      again.set(record.key, told);
    }
    return shown.samples.flatMap(([key, kind]) => {
      const record = again.get(key);
      return record?.kind === kind ? [sampleOf(record, to)] : [];
    });
  } finally {
    client.release();
  }
}
