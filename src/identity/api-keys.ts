import { createHash, createHmac, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { CLOCK, type Clock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
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
    private readonly settings: Settings,
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

  /** The same with a key that is told again to who repeats the request: the secret and the id make it. */
  async makeAgain(
    client: pg.PoolClient,
    id: string,
    given: { readonly name: string; readonly role: Role; readonly expiresAt: Date | null },
  ): Promise<void> {
    await insert(client, { ...given, id, hash: hashOf(this.keyOf(id)), now: this.clock.now() });
  }

  /** @returns null where the key of this id was made otherwise: by chance, or with another secret */
  async tellAgain(id: string): Promise<string | null> {
    const { rows } = await this.pool.query<{ hash: Buffer }>('select hash from api_keys where id = $1', [id]);
    const key = this.keyOf(id);
    return rows[0]?.hash.equals(hashOf(key)) ? key : null;
  }

  private keyOf(id: string): string {
    return (
      PREFIX + createHmac('sha256', this.settings.identity.secret).update(`api-key:${id}`).digest('base64url')
    );
  }

  /** Makes a key that was chosen elsewhere valid; again is no change. */
  async store(key: string, name: string, role: Role, expiresAt: Date | null = null): Promise<string> {
    const id = uuidv7();
    await insert(this.pool, { id, name, hash: hashOf(key), role, now: this.clock.now(), expiresAt });
    return id;
  }

  async revoke(key: string): Promise<void> {
    await this.pool.query('update api_keys set revoked_at = $2 where hash = $1 and revoked_at is null', [
      hashOf(key),
      this.clock.now(),
    ]);
  }
}

interface NewKey {
  readonly id: string;
  readonly name: string;
  readonly hash: Buffer;
  readonly role: Role;
  readonly now: Date;
  readonly expiresAt: Date | null;
}

async function insert(client: Pick<pg.ClientBase, 'query'>, given: NewKey): Promise<void> {
  await client.query(
    `insert into api_keys (id, name, hash, role, created_at, expires_at) values ($1, $2, $3, $4, $5, $6)
     on conflict (hash) do nothing`,
    [given.id, given.name, given.hash, given.role, given.now, given.expiresAt],
  );
}

function hashOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
