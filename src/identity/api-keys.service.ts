import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { CLOCK, type Clock } from '../platform/clock.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { isUuid } from '../platform/http/cursor.js';
import { type Page, pageOf, readCursor } from '../platform/http/page.js';
import { invalidRequest, notFound } from '../platform/http/problem.js';
import { AccessAudit } from './access-audit.js';
import type { ApiKeysQuery, CreateApiKeyDto } from './api-key.dto.js';
import { ApiKeys } from './api-keys.js';
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
  ) {}

  async list(query: ApiKeysQuery): Promise<Page<ReturnType<typeof bodyOf>>> {
    const after = readCursor(query.cursor, [isUuid]);
    const { rows } = await this.pool.query<Row>(
      `select ${COLUMNS} from api_keys where $1::uuid is null or id > $1 order by id limit $2`,
      [after?.[0] ?? null, query.limit + 1],
    );
    return pageOf(rows, query.limit, bodyOf, (row) => [row.id]);
  }

  async create({ name, role, expiresAt }: CreateApiKeyDto, by: Principal) {
    const ends = expiresAt === undefined ? null : new Date(expiresAt);
    if (ends && ends <= this.clock.now())
      throw invalidRequest([{ pointer: '/expiresAt', code: 'past', message: 'must be in the future.' }]);
    const { id, key } = await this.keys.make(name, role, ends);
    await this.audit.write(by, 'api-key.created', id, { role });
    return { ...bodyOf(await this.demand(id)), key };
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
