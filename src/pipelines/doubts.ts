import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { PG_POOL } from '../platform/database/database.module.js';

export type Word = 'written' | 'not-written';

// The lane's row is locked first, as a settle does; what is settled here is counted there.
const WRITTEN = `
  with d as (
    select d.key, d.slot, d.version, d.wanted from deliveries d
     where d.mapping = $1 and d.key = $2 and d.state = 'inDoubt'
  ), lane as (
    update lanes l set settled = l.settled + 1, superseded = l.superseded + (d.wanted - d.version - 1)
      from d where l.mapping = $1 and d.slot % l.lanes = l.lane returning 1
  ), told as (
    update deliveries x set state = 'sent', version = d.wanted, next_attempt_at = null, reason = $3,
           updated_at = clock_timestamp()
      from d, lane where x.mapping = $1 and x.key = d.key and x.state = 'inDoubt' and x.version = d.version
    returning 1
  )
  select 1 from told`;

const NOT_WRITTEN = `
  with told as (
    update deliveries set state = 'retrying', sent = false, next_attempt_at = clock_timestamp(), reason = $3,
           updated_at = clock_timestamp()
     where mapping = $1 and key = $2 and state = 'inDoubt' returning slot
  )
  update lanes l set due = clock_timestamp() from told where l.mapping = $1 and told.slot % l.lanes = l.lane
  returning 1`;

/** What nobody answered and nothing can read back, only a person can tell. */
@Injectable()
export class Doubts {
  constructor(@Inject(PG_POOL) private readonly pool: pg.Pool) {}

  /** @returns false where the record is not in doubt */
  async resolve(mapping: string, key: string, word: Word, by: string): Promise<boolean> {
    const isWritten = word === 'written';
    const message = `${by} looked at the backend and says that it was ${isWritten ? '' : 'not '}written.`;
    const reason = JSON.stringify({ code: `said-${word}`, message, owner: 'foyer' });
    const { rowCount } = await this.pool.query(isWritten ? WRITTEN : NOT_WRITTEN, [mapping, key, reason]);
    return rowCount === 1;
  }
}
