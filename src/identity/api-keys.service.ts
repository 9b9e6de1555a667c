import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { CLOCK, type Clock } from '../platform/clock.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { inTransaction } from '../platform/database/transaction.js';
import { isUuid } from '../platform/http/cursor.js';
import { type Page, pageOf, readCursor } from '../platform/http/page.js';
import { invalidRequest, notFound, Problem } from '../platform/http/problem.js';
import { AccessAudit } from './access-audit.js';
import type { ApiKeysQuery, CreateApiKeyDto } from './api-key.dto.js';
import { ApiKeys } from './api-keys.js';
import type { Repeatable } from './idempotency.js';
import { IdempotencyClaims } from './idempotency-claims.js';
import type { Principal, Role } from './principal.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const COLUMNS = 'id, name, role, created_at, expires_at, revoked_at';

interface Row {
  id: string;
  name: string;
  role: Role;
  created_at: Date;
  expires_at: Date | null;
  revoked_at: Date | null;
}

/** What admins do with keys; each act is written down. */
@Injectable()
export class ApiKeysService {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly keys: ApiKeys,
    private readonly audit: AccessAudit,
    private readonly claims: IdempotencyClaims,
  ) {}

  async list(query: ApiKeysQuery): Promise<Page<ReturnType<typeof bodyOf>>> {
    const after = readCursor(query.cursor, [isUuid]);
    const { rows } = await this.pool.query<Row>(
      `select ${COLUMNS} from api_keys where $1::uuid is null or id > $1 order by id limit $2`,
      [after?.[0] ?? null, query.limit + 1],
    );
    return pageOf(rows, query.limit, bodyOf, (row) => [row.id]);
  }

  async create(dto: CreateApiKeyDto, by: Principal, repeat: Repeatable | null) {
    const { name, role, expiresAt } = dto;
    const ends = expiresAt === undefined ? null : new Date(expiresAt);
    if (repeat) return this.once(repeat, { name, role, expiresAt: ends }, by);
    this.demandFuture(ends);
    const { id, key } = await this.keys.make(name, role, ends);
    await this.audit.write(by, 'api-key.created', id, { role });
    return { made: { ...bodyOf(await this.demand(id)), key }, replayed: false };
  }

  private async once(
    repeat: Repeatable,
    given: { name: string; role: Role; expiresAt: Date | null },
    by: Principal,
  ) {
    const id = uuidv7();
    const earlier = await inTransaction(this.pool, async (client) => {
      const known = await this.claims.claim(client, repeat, id, this.clock.now());
      if (known !== null) return known;
      this.demandFuture(given.expiresAt);
      await this.keys.makeAgain(client, id, given);
      return null;
    });
    if (earlier === null) await this.audit.write(by, 'api-key.created', id, { role: given.role });
    const key = await this.keys.tellAgain(earlier ?? id);
    if (key === null)
      throw new Problem('gone', `The key ${earlier} was made, but cannot be told again: revoke it.`);
    return { made: { ...bodyOf(await this.demand(earlier ?? id)), key }, replayed: earlier !== null };
  }

  private demandFuture(ends: Date | null): void {
    if (ends && ends <= this.clock.now())
      throw invalidRequest([{ pointer: '/expiresAt', code: 'past', message: 'must be in the future.' }]);
  }

  /** Again is no change. */
  async revoke(id: string, by: Principal): Promise<ReturnType<typeof bodyOf>> {
    const before = await this.demand(id);
    if (before.revoked_at) return bodyOf(before);
    await this.pool.query('update api_keys set revoked_at = $2 where id = $1 and revoked_at is null', [
      id,
      this.clock.now(),
    ]);
    await this.audit.write(by, 'api-key.revoked', id, { role: before.role });
    return bodyOf(await this.demand(id));
  }

  private async demand(id: string): Promise<Row> {
    const { rows } = UUID.test(id)
      ? await this.pool.query<Row>(`select ${COLUMNS} from api_keys where id = $1`, [id])
      : { rows: [] };
    if (!rows[0]) throw notFound('There is no such key.');
    return rows[0];
  }
}

function bodyOf(row: Row) {
  return {
    id: row.id,
    name: row.name,
    role: row.role,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at?.toISOString() ?? null,
    revokedAt: row.revoked_at?.toISOString() ?? null,
    links: { self: `/v1/api-keys/${row.id}` },
  };
}
