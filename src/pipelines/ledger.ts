import type pg from 'pg';
import { DELIVERY_STATES, type DeliveryState } from './delivery.js';

/** The conservation ledger of one mapping, as the database function `mapping_ledger` counts it in one snapshot. */
export interface Ledger {
  readonly mapping: string;
  readonly asOf: string;
  /** Records of the mapping's stream. */
  readonly records: number;
  readonly states: Record<DeliveryState, number>;
  /** Records without a delivery, an intent or an unread change: there must be none. */
  readonly unaccounted: number;
  /** `total` = `settled` + `superseded` + `waiting`, or something is wrong. */
  readonly changes: {
    readonly total: number;
    readonly settled: number;
    readonly superseded: number;
    readonly waiting: number;
  };
  /** When the oldest change without an answer was made. */
  readonly oldestOpenAt: string | null;
}

type Counted = Record<'records' | 'unaccounted' | 'total' | 'settled' | 'superseded' | 'waiting', string>;
type Row = Counted & {
  as_of: Date;
  states: Partial<Record<DeliveryState, number>>;
  oldest_open_at: Date | null;
};

export async function ledgerOf(pool: pg.Pool, mapping: string): Promise<Ledger> {
  const { rows } = await pool.query<Row>('select * from mapping_ledger($1)', [mapping]);
  const row = rows[0]!;
  return {
    mapping,
    asOf: row.as_of.toISOString(),
    records: Number(row.records),
    states: Object.fromEntries(
      DELIVERY_STATES.map((state) => [state, row.states[state] ?? 0]),
    ) as Ledger['states'],
    unaccounted: Number(row.unaccounted),
    changes: {
      total: Number(row.total),
      settled: Number(row.settled),
      superseded: Number(row.superseded),
      waiting: Number(row.waiting),
    },
    oldestOpenAt: row.oldest_open_at?.toISOString() ?? null,
  };
}
