import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { CLOCK, type Clock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { notFound, Problem } from '../platform/http/problem.js';
import { LOGGER, type Logger } from '../platform/logger.js';
import { emailKey } from '../registrations/email-key.js';
import { acquaint } from './acquaint.js';
import { hooksTaken } from './activity-metrics.js';
import { type Place, Places } from './places.service.js';
import type { Json, Platform } from './platform.js';
import { readSignal, SignalRefused } from './read-signal.js';
import { SignalsService } from './signals.service.js';
import { zoom } from './zoom.js';

const PLATFORMS: Readonly<Record<string, Platform>> = { zoom };

const KIND_CHARACTERS_MAX = 100;
const SWEEP_MS = 15_000;
/** Old enough that whoever stored it is not still at it. */
const LEFT_BEHIND_MS = 10_000;
const AT_ONCE_MAX = 500;
const DAY_MS = 86_400_000;

type State = 'turned' | 'kept' | 'unplaced';

interface HookRow {
  readonly id: string;
  readonly platform: string;
  readonly kind: string;
  readonly body: string | null;
}

/** Platforms' own webhooks: kept first, then made into signals. What was kept is never asked for twice. */
@Injectable()
export class HooksService implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly settings: Settings,
    private readonly signals: SignalsService,
    private readonly places: Places,
  ) {}

  onApplicationBootstrap(): void {
    const run = (): void =>
      void this.sweep().catch((error: unknown) => {
        this.logger.warn({ code: (error as { code?: unknown }).code }, 'hooks wait for the next look');
      });
    this.timer = setInterval(run, SWEEP_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /**
   * @returns what a challenge asks for, null for every other hook
   * @throws Problem 404 where the platform is not set up, 401 where the signature is not its own
   */
  async take(name: string, headers: Readonly<Record<string, unknown>>, body: Buffer): Promise<Json | null> {
    const [platform, secret] = this.demandPlatform(name);
    if (!platform.isSigned(headers, body, secret, this.clock.now()))
      throw new Problem('unauthenticated', 'The signature is not that of the platform, or too old.');
    const hook = parsed(body.toString());
    const row = {
      id: uuidv7(),
      platform: name,
      kind: platform.kindOf(hook).slice(0, KIND_CHARACTERS_MAX).replaceAll('\u0000', '') || 'unreadable',
      // PostgreSQL keeps no NUL in a text.
      body: body.toString().replaceAll('\u0000', ''),
    };
    await this.pool.query(
      `insert into platform_hooks (id, platform, kind, body, state, received_at) values ($1, $2, $3, $4, 'stored', $5)`,
      [row.id, row.platform, row.kind, row.body, this.clock.now()],
    );
    const answer = platform.challenge(hook, secret);
    // Kept is acknowledged: should it fail now, the next sweep makes something of it.
    await this.settle(row).catch((error: unknown) => {
      this.logger.warn(
        { hook: row.id, code: (error as { code?: unknown }).code },
        'a hook waits for the next look',
      );
    });
    return answer;
  }

  /** How many came, by platform, kind and what became of them. */
  async counts(): Promise<object[]> {
    const { rows } = await this.pool.query<object>(
      `select platform, kind, state, count(*)::int as count, max(received_at) as "lastAt"
         from platform_hooks group by platform, kind, state order by platform, kind, state`,
    );
    return rows;
  }

  /** Hooks that waited for this place. */
  async settleUnplaced(platform: string, place: string): Promise<void> {
    await this.settleAll(`state = 'unplaced' and platform = $2 and place = $3`, [platform, place]);
  }

  async sweep(): Promise<void> {
    const now = this.clock.now().getTime();
    await this.settleAll(`state = 'stored' and received_at < $2`, [new Date(now - LEFT_BEHIND_MS)]);
    const old = new Date(now - this.settings.activity.hookDays * DAY_MS);
    await this.pool.query('delete from platform_hooks where received_at < $1', [old]);
  }

  private async settleAll(condition: string, values: unknown[]): Promise<void> {
    const { rows } = await this.pool.query<HookRow>(
      `select id, platform, kind, body from platform_hooks where ${condition} order by id limit $1`,
      [AT_ONCE_MAX, ...values],
    );
    for (const row of rows) await this.settle(row);
  }

  private async settle({ id, platform, body }: HookRow): Promise<void> {
    const reading = PLATFORMS[platform]?.read(parsed(body ?? '')) ?? null;
    const place = reading?.place == null ? null : await this.places.find(platform, reading.place);
    let [state, reason]: [State, string | null] = ['kept', reading ? null : 'unknown-kind'];
    if (reading && !place) [state, reason] = ['unplaced', 'unknown-place'];
    if (reading && place) {
      await acquaint(
        this.pool,
        reading.acquaintances.map(({ externalId, email }) => ({
          eventId: place.eventId,
          source: platform,
          externalId,
          emailKey: emailKey(email),
        })),
        this.clock.now(),
      );
      reason = await this.takeIn(place, reading.signals);
      state = reason === null ? 'turned' : 'kept';
    }
    await this.pool.query(
      `update platform_hooks set state = $2, reason = $3, place = $4, settled_at = $5,
              body = case when $2 = 'turned' then null else body end
        where id = $1`,
      [id, state, reason, reading?.place ?? null, this.clock.now()],
    );
    hooksTaken.inc({ platform, state });
  }

  /** @returns why one could not be kept as a signal; null where all are */
  private async takeIn(place: Place, values: readonly object[]): Promise<string | null> {
    const { eventId, sessionId } = place;
    const sessions = new Map(sessionId === null ? [] : [[sessionId, sessionId]]);
    let reason: string | null = null;
    for (const value of values) {
      try {
        await this.signals.takeIn(readSignal({ ...value, session: sessionId }, { id: eventId, sessions }));
      } catch (error) {
        if (!(error instanceof SignalRefused)) throw error;
        reason = error.code;
      }
    }
    return reason;
  }

  private demandPlatform(name: string): [Platform, string] {
    const platform = Object.hasOwn(PLATFORMS, name) ? PLATFORMS[name] : undefined;
    const secret = name === 'zoom' ? this.settings.activity.zoomSecretToken : '';
    if (platform && secret !== '') return [platform, secret];
    throw notFound('This platform is not known here, or not set up.');
  }
}

function parsed(text: string): Json {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
  } catch {
    return {}; // Kept as it came, as unreadable.
  }
}
