import { Injectable } from '@nestjs/common';
import type pg from 'pg';
import { Settings } from '../platform/config/settings.js';
import { type Claim, keyInFlight, keyReused, type Repeatable } from './idempotency.js';

const LOCK_NOT_AVAILABLE = '55P03';

/** The key of a request that creates something, claimed in the transaction that creates it. */
@Injectable()
export class IdempotencyClaims {
  constructor(private readonly settings: Settings) {}

  /** For work that may wait longer for locks than a repetition may. */
  ofLongWork(repeat: Repeatable | null, now: Date): Claim | null {
    if (!repeat) return null;
    return async (client, id) => {
      const earlier = await this.claim(client, repeat, id, now);
      await client.query('set local lock_timeout to default');
      return earlier;
    };
  }

  /**
   * Claims the key for the resource that is about to be made; a claim under way elsewhere is waited for.
   * @returns the resource that an earlier request made, or null where this one is the first
   * @throws Problem where the key stands for another body, or the first request does not end
   */
  async claim(
    client: pg.PoolClient,
    repeat: Repeatable,
    resourceId: string,
    now: Date,
  ): Promise<string | null> {
    const { idempotencyWaitMs, idempotencyDays } = this.settings.registrations;
    await client.query(`set local lock_timeout = ${Math.max(1, idempotencyWaitMs)}`);
    const claimed = await client
      .query(
        `insert into idempotency_keys as k (scope, key, body_hash, resource_id, status, created_at)
         values ($1, $2, $3, $4, 201, $5)
         on conflict (scope, key) do update set body_hash = excluded.body_hash, resource_id = excluded.resource_id,
           status = excluded.status, created_at = excluded.created_at
         where k.created_at <= $5 - $6 * interval '1 day'`,
        [repeat.scope, repeat.key, repeat.bodyHash, resourceId, now, idempotencyDays],
      )
      .catch((error: unknown) => {
        if ((error as { code?: string }).code === LOCK_NOT_AVAILABLE) throw keyInFlight();
        throw error;
      });
    if (claimed.rowCount === 1) return null;
    const { rows } = await client.query<{ resource_id: string; body_hash: Buffer }>(
      'select resource_id, body_hash from idempotency_keys where scope = $1 and key = $2',
      [repeat.scope, repeat.key],
    );
    const first = rows[0]!;
    if (!first.body_hash.equals(repeat.bodyHash)) throw keyReused();
    return first.resource_id;
  }
}
