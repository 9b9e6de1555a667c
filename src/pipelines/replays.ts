import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { Bell } from '../changes/bell.js';
import { PG_POOL } from '../platform/database/database.module.js';
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

  async replay(mapping: string, filter: ReplayFilter, by: string): Promise<{ id: string; matched: number }> {
    const id = uuidv7();
    const matched = await redeliverMatching(this.pool, { id, mapping, by }, filter);
    const lanes = (await this.applied.current(mapping))?.mapping.lanes ?? 0;
    for (let lane = 0; lane < lanes; lane++) this.bell.ringLane(mapping, lane);
    return { id, matched };
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
