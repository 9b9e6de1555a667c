import type pg from 'pg';
import type { Certificate } from './certificate.js';
import type { DriftedField } from './discrepancy.js';
import type { RunProgress } from './reconciling.js';

/** A run as the API shows it. */
export interface Run {
  readonly id: string;
  readonly mapping: string;
  readonly state: 'running' | 'done' | 'failed';
  readonly createdAt: string;
  readonly finishedAt: string | null;
  readonly failure: string | null;
  /** The schedule that ran it; null where somebody asked for it. */
  readonly schedule: string | null;
  readonly certificate: Certificate | null;
  /** While it runs: how far it is; null at its beginning, and when it is over. */
  readonly progress: RunProgress | null;
}

interface Row {
  id: string;
  mapping: string;
  state: Run['state'];
  created_at: Date;
  finished_at: Date | null;
  failure: string | null;
  schedule: string | null;
  certificate: Certificate | null;
  progress: RunProgress | null;
}

const RUN = `
  select id, mapping, created_at, finished_at, schedule, certificate,
         coalesce(failure, case when is_dead then 'The process that ran it stopped.' end) as failure,
         case when is_dead then 'failed' else state end as state,
         case when state = 'running' and not is_dead then progress end as progress
    from (select *, state = 'running' and seen_at < clock_timestamp() - interval '1 minute' as is_dead
            from reconciliations) r`;

export async function listRuns(pool: pg.Pool, limit: number, before: string | null): Promise<Run[]> {
  const { rows } = await pool.query<Row>(
    `${RUN} where $2::uuid is null or id < $2 order by id desc limit $1`,
    [limit, before],
  );
  return rows.map(view);
}

export async function findRun(pool: pg.Pool, id: string): Promise<Run | null> {
  const { rows } = await pool.query<Row>(`${RUN} where id = $1`, [id]);
  return rows[0] ? view(rows[0]) : null;
}

export interface DiscrepancyView {
  readonly place: number;
  readonly kind: string;
  readonly key: string | null;
  readonly targetKey: string | null;
  readonly targetId: string | null;
  readonly fields: readonly DriftedField[];
  readonly repair: string;
  readonly repairedAt: string | null;
}

export async function listDiscrepancies(
  pool: pg.Pool,
  run: string,
  limit: number,
  after: number,
): Promise<DiscrepancyView[]> {
  const { rows } = await pool.query<Omit<DiscrepancyView, 'repairedAt'> & { repairedAt: Date | null }>(
    `select place, kind, key, target_key as "targetKey", target_id as "targetId", coalesce(fields, '[]') as fields,
            repair, repaired_at as "repairedAt"
       from discrepancies where run = $1 and place > $3 order by place limit $2`,
    [run, limit, after],
  );
  return rows.map((row) => ({ ...row, repairedAt: row.repairedAt?.toISOString() ?? null }));
}

function view({ created_at, finished_at, ...row }: Row): Run {
  const { id, mapping, state, failure, schedule, certificate, progress } = row;
  return {
    id,
    mapping,
    state,
    createdAt: created_at.toISOString(),
    finishedAt: finished_at?.toISOString() ?? null,
    failure,
    schedule,
    certificate,
    progress,
  };
}
