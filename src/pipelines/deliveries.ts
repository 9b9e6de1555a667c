import type pg from 'pg';
import type { DeliveryReason, DeliveryState } from './delivery.js';
import { KEYS_OF_EMAIL } from './records-of-email.js';

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
  readonly state?: DeliveryState | undefined;
  readonly reason?: string | undefined;
  readonly key?: string | undefined;
  /** Of the person, whatever its case: all their records, in whatever stream. */
  readonly email?: string | undefined;
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
        and ($8::text is null or d.key = any(array(
              ${KEYS_OF_EMAIL.replaceAll('$1', '$8')})))
      order by d.mapping, d.key limit $7`,
    [
      filter.mapping,
      filter.state,
      filter.reason,
      filter.key,
      after?.mapping,
      after?.key,
      limit,
      filter.email?.trim(),
    ],
  );
  return rows.map(view);
}

/** What is known of one record at one mapping: with what it is explained. */
export interface FoundDelivery {
  readonly view: DeliveryView;
  readonly mappingVersion: number | null;
  /** Whether anything was ever sent for it, answered or not. */
  readonly sent: boolean;
  readonly shadow: string | null;
  readonly targetKey: string | null;
}

/** @returns null where nothing was delivered, tried or put off yet */
export async function findDelivery(
  pool: pg.Pool,
  mapping: string,
  key: string,
): Promise<FoundDelivery | null> {
  const { rows } = await pool.query<
    Row & { mapping_version: number; sent: boolean; shadow: string | null; target_key: string | null }
  >({
    name: 'delivery-one',
    text: `${SELECT.replace('select d.mapping', 'select d.mapping_version, d.sent, d.shadow, d.target_key, d.mapping')}
            where d.mapping = $1 and d.key = $2`,
    values: [mapping, key],
  });
  const row = rows[0];
  if (!row) return null;
  return {
    view: view(row),
    mappingVersion: row.mapping_version,
    sent: row.sent,
    shadow: row.shadow,
    targetKey: row.target_key,
  };
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
