import type pg from 'pg';
import type { DeliveryReason } from './delivery.js';

/** One try to deliver a record, as the API shows it. */
export interface AttemptView {
  readonly id: string;
  readonly at: string;
  readonly deadline: string;
  readonly requestId: string | null;
  readonly outcome: string;
  readonly status: number | null;
  readonly message: string | null;
}

/** With what the record was made of. */
export interface RecordAttempt {
  readonly view: AttemptView;
  readonly settledAt: Date;
  readonly version: number;
  readonly mappingVersion: number;
}

interface Row {
  id: string;
  at: Date;
  deadline: Date;
  settled_at: Date;
  request_id: string | null;
  status: number | null;
  mapping_version: number;
  version: number;
  outcome: string | null;
  reason: string | null;
}

const ATTEMPTS_MAX = 100;

// Found by the index on keys first and sorted then: sorted first, the planner would walk all attempts backwards until
// it has met enough of this record, which are few.
const ATTEMPTS = `
  with mine as materialized (
    select a.id, a.at, a.deadline, a.settled_at, a.request_id, a.status, a.mapping_version,
           a.versions[array_position(a.keys, $2::uuid)] as version
      from attempts a where a.keys @> array[$2::uuid] and a.mapping = $1
  )
  select mine.*, f.outcome, f.reason
    from mine left join attempt_failures f on f.mapping = $1 and f.key = $2 and f.attempt = mine.id
   order by mine.id desc limit $3`;

/** @returns the newest first */
export async function attemptsOf(pool: pg.Pool, mapping: string, key: string): Promise<RecordAttempt[]> {
  const { rows } = await pool.query<Row>({
    name: 'attempts-of-record',
    text: ATTEMPTS,
    values: [mapping, key, ATTEMPTS_MAX],
  });
  return rows.map((row) => ({
    view: {
      id: row.id,
      at: row.at.toISOString(),
      deadline: row.deadline.toISOString(),
      requestId: row.request_id,
      outcome: row.outcome ?? (row.status === null ? 'unanswered' : 'written'),
      status: row.status,
      message: row.reason === null ? null : (JSON.parse(row.reason) as DeliveryReason).message,
    },
    settledAt: row.settled_at,
    version: row.version,
    mappingVersion: row.mapping_version,
  }));
}
