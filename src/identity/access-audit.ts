import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { CLOCK, type Clock } from '../platform/clock.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { LOGGER, type Logger } from '../platform/logger.js';
import type { Principal } from './principal.js';

type Act = 'api-key.created' | 'api-key.revoked' | 'logins.ended' | 'registration.linked';

/** Who changed who may do what. */
@Injectable()
export class AccessAudit {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @param detail ids, names and roles: no secret, nothing of a person */
  async write(by: Principal, act: Act, subject: string, detail: Record<string, unknown>): Promise<void> {
    const actor = actorOf(by);
    await this.pool.query(
      'insert into access_audit (id, at, actor, act, subject, detail) values ($1, $2, $3, $4, $5, $6)',
      [uuidv7(), this.clock.now(), actor, act, subject, JSON.stringify(detail)],
    );
    this.logger.info({ actor, act, subject }, 'access was changed');
  }
}

function actorOf(principal: Principal): string {
  if (principal.kind === 'key') return `key:${principal.id}`;
  return principal.kind === 'login' ? `identity:${principal.identityId}` : principal.kind;
}
