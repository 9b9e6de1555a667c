import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { PG_POOL } from '../platform/database/database.module.js';
import { inTransaction } from '../platform/database/transaction.js';
import { LOGGER, type Logger } from '../platform/logger.js';
import { registrationsAndLedger } from './registrations-and-ledger.js';
import type { Report, ReportTable } from './report.js';

export const REPORTS: readonly Report[] = [registrationsAndLedger];

export interface ReportRun {
  readonly id: string;
  readonly report: string;
  readonly slot: Date | null;
  readonly state: 'running' | 'done' | 'failed';
  readonly reason: string | null;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
}

/** How long a claim holds without its holder finishing. */
const CLAIM_MS = 5 * 60_000;

const COLUMNS = `id, report, slot, state, reason, created_at as "createdAt", finished_at as "finishedAt"`;

/** Runs reports and keeps what came of them. */
@Injectable()
export class ReportRuns {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Runs a report now. */
  async run(report: Report, eventId: string | null): Promise<ReportRun> {
    const id = uuidv7();
    await begin(this.pool, id, report, eventId);
    return this.complete(id, report, eventId);
  }

  /**
   * The same for a request that may be repeated.
   * @param claim says in the same transaction which run an earlier request made, null where this is the first
   */
  async runOnce(
    report: Report,
    eventId: string | null,
    claim: (client: pg.PoolClient, id: string) => Promise<string | null>,
  ): Promise<{ run: ReportRun; replayed: boolean }> {
    const id = uuidv7();
    const earlier = await inTransaction(this.pool, async (client) => {
      const known = await claim(client, id);
      if (known === null) await begin(client, id, report, eventId);
      return known;
    });
    const first = earlier && (await this.find(report.name, earlier));
    if (first) return { run: first, replayed: true };
    return { run: await this.complete(id, report, eventId), replayed: false };
  }

  /** Runs a schedule's slot if nobody did or does: null where somebody was first. */
  async runSlot(schedule: string, slot: Date, report: Report): Promise<ReportRun | null> {
    const { rows } = await this.pool.query<{ id: string }>(
      `insert into report_runs as r (id, report, schedule, slot, state, claimed_until)
       values ($1, $2, $3, $4, 'running', clock_timestamp() + $5 * interval '1 ms')
       on conflict (schedule, slot) do update
          set claimed_until = excluded.claimed_until, state = 'running'
        where r.state <> 'done' and r.claimed_until < clock_timestamp()
       returning id`,
      [uuidv7(), report.name, schedule, slot, CLAIM_MS],
    );
    return rows[0] ? this.complete(rows[0].id, report, null) : null;
  }

  async list(report: string, limit: number, before: string | null): Promise<ReportRun[]> {
    const { rows } = await this.pool.query<ReportRun>(
      `select ${COLUMNS} from report_runs
        where report = $1 and ($2::uuid is null or id < $2) order by id desc limit $3`,
      [report, before, limit],
    );
    return rows;
  }

  async find(report: string, id: string): Promise<(ReportRun & { content: ReportTable | null }) | null> {
    const { rows } = await this.pool.query<ReportRun & { content: ReportTable | null }>(
      `select ${COLUMNS}, content from report_runs where report = $1 and id = $2`,
      [report, id],
    );
    return rows[0] ?? null;
  }

  private async complete(id: string, report: Report, eventId: string | null): Promise<ReportRun> {
    let content: ReportTable | null = null;
    let reason: string | null = null;
    try {
      content = await this.inOneSnapshot((client) => report.query(client, eventId));
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
      this.logger.error({ report: report.name, run: id, reason }, 'a report failed');
    }
    const { rows } = await this.pool.query<ReportRun>(
      `update report_runs set state = $2, content = $3, reason = $4, finished_at = clock_timestamp()
        where id = $1 returning ${COLUMNS}`,
      [id, content ? 'done' : 'failed', content && JSON.stringify(content), reason],
    );
    return rows[0]!;
  }

  private async inOneSnapshot<T>(read: (client: pg.ClientBase) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    try {
      await client.query('begin isolation level repeatable read read only');
      return await read(client);
    } finally {
      await client.query('rollback').catch(() => undefined);
      client.release();
    }
  }
}

async function begin(
  client: pg.Pool | pg.ClientBase,
  id: string,
  report: Report,
  eventId: string | null,
): Promise<void> {
  await client.query(
    `insert into report_runs (id, report, event_id, state, claimed_until)
     values ($1, $2, $3, 'running', clock_timestamp() + $4 * interval '1 ms')`,
    [id, report.name, eventId, CLAIM_MS],
  );
}
