import type { Fields } from '../connectors/connector.js';
import type { Delivery, DeliveryState } from './delivery.js';

/** A delivery as it is read beside its record; null in `d_version` where the record has none. */
export interface DeliveryRow {
  d_version: number | null;
  wanted: number;
  state: DeliveryState;
  sent: boolean;
  target_id: string | null;
  target_key: string | null;
  shadow: string | null;
  tries: number;
  checks: number;
  resends: number;
  next_attempt_at: Date | null;
  recheck_at: Date | null;
  /** Fields that were read at the backend. */
  known?: string | null;
}

/** The columns of it; the table goes by `d`. */
export const DELIVERY = `d.version as d_version, d.wanted, d.state, d.sent, d.target_id, d.target_key, d.shadow,
                  d.tries, d.checks, d.resends, d.next_attempt_at, d.recheck_at`;

export function delivery(row: DeliveryRow): Delivery | null {
  if (row.d_version === null) return null;
  return {
    version: row.d_version,
    wanted: row.wanted,
    state: row.state,
    sent: row.sent,
    targetId: row.target_id,
    targetKey: row.target_key,
    shadow: standing(row),
    tries: row.tries,
    checks: row.checks,
    resends: row.resends,
    nextAttemptAt: row.next_attempt_at,
    recheckAt: row.recheck_at,
  };
}

/** What was read at the backend is known from now on, beneath what we wrote there. */
function standing({ shadow, known }: DeliveryRow): Fields | null {
  const fields = fieldsOf(shadow);
  return fields === null || known == null ? fields : { ...fieldsOf(known), ...fields };
}

export function fieldsOf(json: string | null): Fields | null {
  return json === null ? null : (JSON.parse(json) as Fields);
}
