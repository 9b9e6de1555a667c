import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { PG_POOL } from '../platform/database/database.module.js';
import type { Principal } from './principal.js';

/** People as their providers know them. */
@Injectable()
export class Identities {
  constructor(@Inject(PG_POOL) private readonly pool: pg.Pool) {}

  /** What a provider says of who is logged in; it fills in the form of a registration, where the person may change it. */
  async attendeeOf(principal: Principal): Promise<Readonly<Record<string, string>>> {
    if (principal.kind !== 'login') return {};
    const { rows } = await this.pool.query<{ attendee: Record<string, string> }>(
      'select attendee from identities where id = $1',
      [principal.identityId],
    );
    return rows[0]?.attendee ?? {};
  }
}
