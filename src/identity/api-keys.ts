import { createHash, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { CLOCK, type Clock } from '../platform/clock.js';
import { PG_POOL } from '../platform/database/database.module.js';
import type { Principal, Role } from './principal.js';

const PREFIX = 'fk_';
const FRESH_MS = 1_000;
const CACHED_MAX = 10_000;

type KeyPrincipal = Extract<Principal, { kind: 'key' }>;

/** Keys of systems and operators. The database knows their hashes only; an answer from it serves for a second. */
@Injectable()
export class ApiKeys {
  private readonly cache = new Map<string, { principal: KeyPrincipal | null; until: number }>();

  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Null where the key is unknown, expired or revoked. */
  async authenticate(key: string): Promise<KeyPrincipal | null> {
    const now = this.clock.now().getTime();
    const hash = hashOf(key);
    const id = hash.toString('base64');
    const cached = this.cache.get(id);
    if (cached && cached.until > now) return cached.principal;
    const { rows } = await this.pool.query<{ id: string; role: Role }>({
      name: 'api-key',
      text: `select id, role from api_keys
              where hash = $1 and revoked_at is null and (expires_at is null or expires_at > $2)`,
      values: [hash, new Date(now)],
    });
    const principal = rows[0] ? ({ kind: 'key', ...rows[0] } as const) : null;
    if (this.cache.size >= CACHED_MAX) this.cache.clear();
    this.cache.set(id, { principal, until: now + FRESH_MS });
    return principal;
  }

  /** Makes a key and returns it: the only time that it can be read. */
  async issue(name: string, role: Role, expiresAt: Date | null = null): Promise<string> {
    return (await this.make(name, role, expiresAt)).key;
  }

  async make(name: string, role: Role, expiresAt: Date | null): Promise<{ id: string; key: string }> {
    const key = PREFIX + randomBytes(32).toString('base64url');
    return { id: await this.store(key, name, role, expiresAt), key };
  }

  /** Makes a key that was chosen elsewhere valid; again is no change. */
  async store(key: string, name: string, role: Role, expiresAt: Date | null = null): Promise<string> {
    const id = uuidv7();
    await this.pool.query(
      `insert into api_keys (id, name, hash, role, created_at, expires_at) values ($1, $2, $3, $4, $5, $6)
       on conflict (hash) do nothing`,
      [id, name, hashOf(key), role, this.clock.now(), expiresAt],
    );
    return id;
  }

  async revoke(key: string): Promise<void> {
    await this.pool.query('update api_keys set revoked_at = $2 where hash = $1 and revoked_at is null', [
      hashOf(key),
      this.clock.now(),
    ]);
  }
}

function hashOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
