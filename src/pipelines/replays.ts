import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { Bell } from '../changes/bell.js';
import type { Claim } from '../identity/idempotency.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { inTransaction } from '../platform/database/transaction.js';
import { Problem } from '../platform/http/problem.js';
import { AppliedMappings } from './applied-mappings.js';
import { redeliverMatching, type ReplayFilter } from './redeliveries.js';

export interface Replay {
  readonly id: string;
  readonly mapping: string;
  readonly matched: number;
  /** Those that were not delivered again yet. */
  readonly waiting: number;
  readonly createdAt: string;
}

/** Has records delivered again: mapped anew by the version in force, written whole, beside what happens now. */
@Injectable()
export class Replays {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    private readonly applied: AppliedMappings,
    private readonly bell: Bell,
  ) {}

  /** @param claim of a request that may be repeated */
  async replay(
    mapping: string,
    filter: ReplayFilter,
    by: string,
    claim: Claim | null,
  ): Promise<{ id: string; matched: number; replayed: boolean }> {
    const id = uuidv7();
    const outcome = await inTransaction(this.pool, async (client) => {
      return (await claim?.(client, id)) ?? (await redeliverMatching(client, { id, mapping, by }, filter));
    });
    if (typeof outcome === 'string') {
      const earlier = await this.find(outcome);
      if (!earlier) throw new Problem('gone', 'The replay is not known any more.');
      return { id: outcome, matched: earlier.matched, replayed: true };
    }
    const lanes = (await this.applied.current(mapping))?.mapping.lanes ?? 0;
    for (let lane = 0; lane < lanes; lane++) this.bell.ringLane(mapping, lane);
    return { id, matched: outcome, replayed: false };
  }

  async find(id: string): Promise<Replay | null> {
    const { rows } = await this.pool.query<{ mapping: string; matched: string; waiting: string; at: Date }>(
      `select r.mapping, r.matched, r.created_at as at,
              (select count(*) from redeliveries d where d.mapping = r.mapping and d.cause = r.id) as waiting
         from replays r where r.id = $1`,
      [id],
    );
    const row = rows[0];
    if (!row) return null;
    const { mapping, at } = row;
    return {
      id,
      mapping,
      matched: Number(row.matched),
      waiting: Number(row.waiting),
      createdAt: at.toISOString(),
    };
  }
}
