import type pg from 'pg';
import type { DeliveryReason, DeliveryState } from './delivery.js';

/** A delivery as the API shows it. */
export interface DeliveryView {
  readonly mapping: string;
  readonly key: string;
  readonly stream: string;
  readonly version: number;
  readonly state: DeliveryState;
  readonly reason?: DeliveryReason;
  readonly targetId?: string;
  readonly attempts: number;
  readonly nextAttemptAt?: string;
}

export interface DeliveryFilter {
  readonly mapping?: string | undefined;
  readonly state?: string | undefined;
  readonly reason?: string | undefined;
  readonly key?: string | undefined;
}

interface Row {
  mapping: string;
  key: string;
  stream: string;
  version: number;
  state: DeliveryState;
  reason: string | null;
  target_id: string | null;
  attempts: number;
  next_attempt_at: Date | null;
}

const SELECT = `
  select d.mapping, d.key, m.stream, d.version, d.state, d.reason, d.target_id, d.next_attempt_at,
         (select count(*)::int from attempts a where a.mapping = d.mapping and a.keys @> array[d.key]) as attempts
    from deliveries d join mappings m on m.name = d.mapping`;

/** @param after `mapping/key` of the last one seen */
export async function listDeliveries(
  pool: pg.Pool,
  filter: DeliveryFilter,
  limit: number,
  after: { mapping: string; key: string } | null,
): Promise<DeliveryView[]> {
  const { rows } = await pool.query<Row>(
    `${SELECT}
      where ($1::text is null or d.mapping = $1) and ($2::text is null or d.state = $2)
        and ($3::text is null or d.reason::json ->> 'code' = $3) and ($4::uuid is null or d.key = $4)
        and ($5::text is null or (d.mapping, d.key) > ($5, $6::uuid))
      order by d.mapping, d.key limit $7`,
    [filter.mapping, filter.state, filter.reason, filter.key, after?.mapping, after?.key, limit],
  );
  return rows.map(view);
}

export interface AttemptView {
  readonly id: string;
  readonly at: string;
  readonly deadline: string;
  readonly requestId: string | null;
  readonly outcome: string;
  readonly status: number | null;
  readonly message: string | null;
}

const ATTEMPTS_MAX = 100;

export async function findDelivery(
  pool: pg.Pool,
  mapping: string,
  key: string,
): Promise<(DeliveryView & { versions: object[]; tries: AttemptView[] }) | null> {
  const { rows } = await pool.query<Row>(`${SELECT} where d.mapping = $1 and d.key = $2`, [mapping, key]);
  if (!rows[0]) return null;
  const [versions, attempts] = await Promise.all([
    pool.query<object>(
      `select version, topic, seq, at from changes where key = $1 and stream = $2 order by version desc limit $3`,
      [key, rows[0].stream, ATTEMPTS_MAX],
    ),
    pool.query<Omit<AttemptView, 'message' | 'outcome'> & { outcome: string | null; reason: string | null }>(
      `select a.id, a.at, a.deadline, a.request_id as "requestId", a.status, f.outcome, f.reason
         from attempts a
         left join attempt_failures f on f.mapping = a.mapping and f.key = $2 and f.attempt = a.id
        where a.mapping = $1 and a.keys @> array[$2::uuid]
        order by a.id desc limit $3`,
      [mapping, key, ATTEMPTS_MAX],
    ),
  ]);
  const tries = attempts.rows.map(({ reason, outcome, ...attempt }) => ({
    ...attempt,
    outcome: outcome ?? (attempt.status === null ? 'unanswered' : 'written'),
    message: reason === null ? null : (JSON.parse(reason) as DeliveryReason).message,
  }));
  return { ...view(rows[0]), versions: versions.rows, tries };
}

function view(row: Row): DeliveryView {
  return {
    mapping: row.mapping,
    key: row.key,
    stream: row.stream,
    version: row.version,
    state: row.state,
    ...(row.reason === null ? {} : { reason: JSON.parse(row.reason) as DeliveryReason }),
    ...(row.target_id === null ? {} : { targetId: row.target_id }),
    attempts: row.attempts,
    ...(row.next_attempt_at === null ? {} : { nextAttemptAt: row.next_attempt_at.toISOString() }),
  };
}
