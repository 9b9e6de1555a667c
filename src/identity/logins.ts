import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { CLOCK, type Clock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { LOGGER, type Logger } from '../platform/logger.js';
import { LoginSealing } from './login-sealing.js';
import type { LoginPrincipal, Role } from './principal.js';

const SECRET = /^[\w-]{43}$/;
const FRESH_MS = 1_000;
const CACHED_MAX = 20_000;
/** A login that is in use is written down as such this often. */
const TOUCH_MS = 60_000;
/** A longer token is not kept: as a hint it would not fit into an address. */
const TOKEN_CHARACTERS_MAX = 3_000;

/** Who a provider says has come, as we keep it. */
export interface NewLogin {
  readonly provider: string;
  readonly issuer: string;
  readonly subject: string;
  readonly attendee: Readonly<Record<string, string>>;
  readonly role: Role | null;
  readonly acr: string | null;
  readonly providerSid: string | null;
  readonly idToken: string;
  readonly authenticatedAt: Date;
  /** One answer of a provider opens one login. */
  readonly state: string;
  /** The login that this browser had before, which ends. */
  readonly before: string | null;
}

interface Row {
  id: string;
  identity_id: string;
  provider: string;
  role: Role | null;
  acr: string | null;
  authenticated_at: Date;
  last_seen_at: Date;
  expires_at: Date;
}

interface Known {
  readonly principal: LoginPrincipal;
  readonly expiresAt: Date;
  lastSeenAt: Date;
}

/**
 * Logins of browsers. The database knows the hash of what a cookie says; an answer from it serves for a second, so a
 * login that ends anywhere is of no use a second later everywhere.
 */
@Injectable()
export class Logins {
  readonly sealing: LoginSealing;
  private readonly cache = new Map<string, { known: Known | null; until: number }>();

  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly settings: Settings,
  ) {
    const { secret, previousSecret, sealingKeyDays } = settings.identity;
    this.sealing = new LoginSealing([secret, previousSecret].filter(Boolean), sealingKeyDays);
  }

  /** Null where the login is unknown, ended, idle for too long or too old. */
  find(secret: string): Promise<LoginPrincipal | null> | LoginPrincipal | null {
    if (!SECRET.test(secret)) return null;
    const now = this.clock.now().getTime();
    const cached = this.cache.get(secret);
    if (cached && cached.until > now) return cached.known?.principal ?? null;
    return this.ask(secret, now);
  }

  /** What the login is for as long: told to its person. */
  async timesOf(secret: string): Promise<{ expiresAt: Date; idleUntil: Date } | null> {
    await this.find(secret);
    const known = this.cache.get(secret)?.known;
    if (!known) return null;
    const idleUntil = new Date(this.clock.now().getTime() + this.settings.identity.loginIdleMs);
    return {
      expiresAt: known.expiresAt,
      idleUntil: idleUntil < known.expiresAt ? idleUntil : known.expiresAt,
    };
  }

  /** @returns what the cookie will say; null where this answer of the provider has opened a login before */
  async open(login: NewLogin): Promise<string | null> {
    const secret = randomBytes(32).toString('base64url');
    const now = this.clock.now();
    const { idToken } = login;
    const sealed =
      idToken.length <= TOKEN_CHARACTERS_MAX ? this.sealing.seal(idToken, 'id-token', now) : null;
    const { rowCount } = await this.pool.query({
      name: 'open-login',
      text: `with identity as (
               insert into identities as i (id, provider, issuer, subject, attendee, created_at, last_login_at)
               values ($1, $2, $3, $4, $5, $6, $6)
               on conflict (issuer, subject) do update
                 set provider = excluded.provider, attendee = excluded.attendee, last_login_at = excluded.last_login_at
               returning i.id
             ), rotated as (
               update logins set ended_at = $6, ended_why = 'rotated' where hash = $15 and ended_at is null
             )
             insert into logins (id, hash, state_hash, identity_id, provider, provider_sid, role, acr, sealed_token,
                                 authenticated_at, created_at, last_seen_at, expires_at)
             select $7, $8, $9, identity.id, $2, $10, $11, $12, $13, $14, $6, $6, $16 from identity
             on conflict (state_hash) do nothing`,
      values: [
        uuidv7(),
        login.provider,
        login.issuer,
        login.subject,
        JSON.stringify(login.attendee),
        now,
        uuidv7(),
        hashOf(secret),
        hashOf(login.state),
        login.providerSid,
        login.role,
        login.acr,
        sealed,
        login.authenticatedAt,
        login.before === null ? null : hashOf(login.before),
        new Date(now.getTime() + this.settings.identity.loginMaxMs),
      ],
    });
    if (login.before !== null) this.cache.delete(login.before);
    return rowCount === 1 ? secret : null;
  }

  /** Ends this browser's login. @returns the provider and its token, for the provider's own logout */
  async end(secret: string): Promise<{ provider: string; idToken: string | null } | null> {
    this.cache.delete(secret);
    const { rows } = await this.pool.query<{ provider: string; sealed_token: string | null }>(
      `update logins set ended_at = $2, ended_why = 'logout' where hash = $1 and ended_at is null
       returning provider, sealed_token`,
      [hashOf(secret), this.clock.now()],
    );
    if (!rows[0]) return null;
    const { provider, sealed_token: sealed } = rows[0];
    return { provider, idToken: sealed === null ? null : this.sealing.open(sealed, 'id-token') };
  }

  /** Signs a person out of every browser. @returns how many logins ended */
  async endAllOf(identityId: string, why: string): Promise<number> {
    this.cache.clear();
    const { rowCount } = await this.pool.query(
      `update logins set ended_at = $2, ended_why = $3 where identity_id = $1 and ended_at is null`,
      [identityId, this.clock.now(), why],
    );
    return rowCount ?? 0;
  }

  /**
   * Obeys a provider's logout token, once.
   * @returns how many logins ended; null where the token's id came before
   */
  async endByProvider(token: {
    provider: string;
    issuer: string;
    jti: string;
    expiresAt: Date;
    sid: string | null;
    subject: string | null;
  }): Promise<number | null> {
    const { rows } = await this.pool.query<{ fresh: string; ended: string }>(
      `with token as (
         insert into logout_tokens (provider, jti, expires_at) values ($1, $2, $3) on conflict do nothing returning 1
       ), ended as (
         update logins l set ended_at = $6, ended_why = 'provider'
         where l.provider = $1 and l.ended_at is null and exists (select from token)
           and ($4::text is null or l.provider_sid = $4)
           and ($5::text is null
             or l.identity_id = (select i.id from identities i where i.issuer = $7 and i.subject = $5))
         returning 1
       )
       select (select count(*) from token) as fresh, (select count(*) from ended) as ended`,
      [token.provider, token.jti, token.expiresAt, token.sid, token.subject, this.clock.now(), token.issuer],
    );
    this.cache.clear();
    return rows[0]!.fresh === '0' ? null : Number(rows[0]!.ended);
  }

  /** What a form or a program sends along, where its browser does not say from where a request comes. */
  csrfToken(secret: string): string {
    return createHmac('sha256', this.settings.identity.secret).update(`csrf:${secret}`).digest('base64url');
  }

  isCsrfToken(secret: string, given: unknown): boolean {
    const right = Buffer.from(this.csrfToken(secret));
    const token = Buffer.from(typeof given === 'string' ? given : '');
    return right.length === token.length && timingSafeEqual(right, token);
  }

  /** Rows that nobody will ask for again. @param before ended or expired earlier than this */
  async forget(before: Date): Promise<void> {
    await this.pool.query('delete from logins where expires_at < $1', [before]);
    await this.pool.query('delete from logout_tokens where expires_at < $1', [before]);
  }

  private async ask(secret: string, now: number): Promise<LoginPrincipal | null> {
    const { rows } = await this.pool.query<Row>({
      name: 'login-by-hash',
      text: `select id, identity_id, provider, role, acr, authenticated_at, last_seen_at, expires_at from logins
              where hash = $1 and ended_at is null and expires_at > $2 and last_seen_at > $3`,
      values: [hashOf(secret), new Date(now), new Date(now - this.settings.identity.loginIdleMs)],
    });
    const known = rows[0] ? knownOf(rows[0]) : null;
    if (this.cache.size >= CACHED_MAX) this.cache.clear();
    this.cache.set(secret, { known, until: now + FRESH_MS });
    if (known && now - known.lastSeenAt.getTime() >= TOUCH_MS) this.touch(known, now);
    return known?.principal ?? null;
  }

  private touch(known: Known, now: number): void {
    known.lastSeenAt = new Date(now);
    this.pool
      .query('update logins set last_seen_at = greatest(last_seen_at, $2) where id = $1', [
        known.principal.id,
        known.lastSeenAt,
      ])
      // It is written again in a minute; until then the login only looks idle for longer than it is.
      .catch((error: unknown) =>
        this.logger.warn(
          { code: (error as { code?: string }).code },
          'a login could not be marked as in use',
        ),
      );
  }
}

function knownOf(row: Row): Known {
  const principal: LoginPrincipal = {
    kind: 'login',
    id: row.id,
    identityId: row.identity_id,
    provider: row.provider,
    role: row.role,
    authenticatedAt: row.authenticated_at,
    acr: row.acr,
  };
  return { principal, expiresAt: row.expires_at, lastSeenAt: row.last_seen_at };
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
