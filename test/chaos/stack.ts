import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { startPostgres } from '../../scripts/launcher/postgres.mjs';
import { startRedis } from '../../scripts/launcher/redis.mjs';
import { migrate } from '../../src/platform/database/migrate.js';
import { NO_DAYS_END } from '../support/no-days-end.js';
import { Hits, Replica, type Role, startTwinProcess, type TwinName, type TwinProcess } from './processes.js';

export type RedisKind = 'redis-server' | 'js-redis-server';

const PASSWORD = 'only-for-this-test';
export const OPERATOR_KEY = 'fk_chaos-chaos-chaos-chaos-chaos-chaos-chaos';

/** Short, so that what a rehearsal breaks is mended while it lasts. */
const QUICK = {
  FOYER_PIPELINES_LEASE_MS: '1500',
  FOYER_PIPELINES_SWEEP_MS: '500',
  FOYER_PIPELINES_CALL_TIMEOUT_MS: '1500',
  FOYER_PIPELINES_LATE_WRITE_MS: '2500',
  FOYER_PIPELINES_RETRY_FIRST_MS: '100',
  FOYER_PIPELINES_RETRY_MAX_MS: '1000',
  FOYER_PIPELINES_VERIFY_DELAYS_MS: '0,200,500',
  FOYER_WEBHOOKS_TIMEOUT_MS: '1500',
  FOYER_WEBHOOKS_RETRY_FIRST_MS: '50',
  FOYER_WEBHOOKS_RETRY_MAX_MS: '500',
};

export interface StackOptions {
  readonly redis: RedisKind;
  /** How often each fail point is to be hit. */
  readonly hitsWanted: number;
  /** The program's own waits instead of the short ones. */
  readonly isUnhurried?: boolean;
  /** The backends, each with its twin's own settings; HubSpot and Salesforce where none are named. */
  readonly twins?: Readonly<Partial<Record<TwinName, Readonly<Record<string, string>>>>>;
  /** Further settings of the program. */
  readonly env?: Readonly<Record<string, string>>;
  /** The program's processes. */
  readonly replicas?: readonly Role[];
}

const BOTH = { hubspot: NO_DAYS_END, salesforce: NO_DAYS_END };
const TWO_OF_EACH = ['api', 'api', 'worker', 'worker'] as const;

/** Everything that runs: a database cluster and a Redis of our own, the twins, the api and worker processes. */
export class Stack {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'foyer-chaos-'));
  readonly hits: Hits;
  private postgres!: Awaited<ReturnType<typeof startPostgres>>;
  private redis!: Awaited<ReturnType<typeof startRedis>>;
  readonly twins = {} as Record<TwinName, TwinProcess>;
  readonly replicas: Replica[] = [];

  private constructor(private readonly options: StackOptions) {
    this.hits = new Hits(path.join(this.folder, 'hits.log'), options.hitsWanted);
  }

  static async start(options: StackOptions): Promise<Stack> {
    const stack = new Stack(options);
    try {
      await stack.begin();
      return stack;
    } catch (error) {
      await stack.stop();
      throw error;
    }
  }

  of(role: Role): Replica[] {
    return this.replicas.filter((replica) => replica.role === role);
  }

  get databaseUrl(): string {
    return this.postgres.url;
  }

  /** Where the API answers at present; some may be dead without our knowing yet. */
  apiUrls(): string[] {
    return this.of('api').flatMap(({ program }) => (program ? [program.url] : []));
  }

  async flushRedis(): Promise<void> {
    const client = new Redis(this.redis.url, { maxRetriesPerRequest: 1, enableReadyCheck: false });
    client.on('error', () => undefined); // the command itself says so
    try {
      await client.flushall();
    } finally {
      client.disconnect();
    }
  }

  /** Kills Redis, and starts an empty one in its place after so long. */
  async loseRedis(awayMs: number): Promise<void> {
    const { port, pid, exited } = this.redis;
    process.kill(pid!, 'SIGKILL');
    await exited;
    await new Promise((resolve) => setTimeout(resolve, awayMs));
    this.redis = await this.startRedis(port!);
  }

  /** Stops PostgreSQL in immediate mode, as a loss of power does, and lets it recover. */
  async crashDatabase(): Promise<void> {
    const { port, pid, exited } = this.postgres;
    process.kill(pid, 'SIGQUIT');
    await exited;
    this.postgres = await this.startPostgres(port);
  }

  async stop(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.stop()));
    for (const twin of Object.values(this.twins)) twin.stop();
    // In case that we are stopped half-way: any of these may not be there yet.
    await (this.redis as typeof this.redis | undefined)?.stop();
    await (this.postgres as typeof this.postgres | undefined)?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async begin(): Promise<void> {
    [this.postgres, this.redis] = await Promise.all([
      this.startPostgres(0),
      this.startRedis(0),
      ...Object.entries(this.options.twins ?? BOTH).map(async ([name, env]) => {
        this.twins[name as TwinName] = await startTwinProcess(name as TwinName, env);
      }),
    ]);
    await migrate(this.postgres.url);
    const env = {
      ...(this.options.isUnhurried ? {} : QUICK),
      FOYER_WEBHOOKS_ALLOW_PRIVATE_HOSTS: 'true',
      FOYER_REPORTS_SCHEDULER: 'false',
      FOYER_OPERATOR_KEY: OPERATOR_KEY,
      ...this.access(),
      ...this.options.env,
    };
    const servers = { databaseUrl: this.postgres.url, redisUrl: this.redis.url, env };
    for (const role of this.options.replicas ?? TWO_OF_EACH) {
      const isArmed = role === 'worker' || this.of('api').length === 0;
      this.replicas.push(new Replica(role, servers, this.hits, isArmed));
    }
    await Promise.all(this.replicas.map((replica) => replica.running()));
  }

  /** Where the twins are, and what they take for credentials. */
  private access(): Record<string, string> {
    const settings = Object.entries(this.twins).flatMap(([twin, { url }]) => [
      [`${twin.toUpperCase()}_ENABLED`, 'true'],
      [`${twin.toUpperCase()}_BASE_URL`, url],
      [`${twin.toUpperCase()}_TOKEN`, 'pat-twin-0000'],
      [`${twin.toUpperCase()}_CLIENT_ID`, 'twin-client'],
      [`${twin.toUpperCase()}_CLIENT_SECRET`, 'twin-secret'],
    ]);
    return Object.fromEntries(settings) as Record<string, string>;
  }

  private startPostgres(port: number): ReturnType<typeof startPostgres> {
    return startPostgres({ dataDir: path.join(this.folder, 'postgres'), port, password: PASSWORD });
  }

  private startRedis(port: number): ReturnType<typeof startRedis> {
    return startRedis({
      folder: path.join(this.folder, 'redis'),
      port,
      password: PASSWORD,
      kind: this.options.redis,
    });
  }
}
