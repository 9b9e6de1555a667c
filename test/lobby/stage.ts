import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startPostgres } from '../../scripts/launcher/postgres.mjs';
import { startRedis } from '../../scripts/launcher/redis.mjs';
import { migrate } from '../../src/platform/database/migrate.js';
import { type RunningProgram, startProgram } from '../support/program.js';

export type Victim = 'api' | 'every api' | 'postgres' | 'redis';

type Postgres = Awaited<ReturnType<typeof startPostgres>>;
type Redis = Awaited<ReturnType<typeof startRedis>>;

/** Of the servers: the same when they come back. */
const PASSWORD = 'only-for-this-test';
const REPLICAS = 2;

/** Two api replicas on a PostgreSQL and a Redis of their own, all of which may be killed and come back. */
export class Stage {
  private readonly programs: (RunningProgram | undefined)[] = [];
  private readonly keeping: Promise<void>[] = [];
  private readonly state = { isOver: false };

  private constructor(
    readonly folder: string,
    private postgres: Postgres,
    private redis: Redis,
  ) {}

  /** It is there while the work lasts. */
  static async with<T>(work: (stage: Stage) => Promise<T>): Promise<T> {
    const folder = mkdtempSync(path.join(tmpdir(), 'foyer-lobby-'));
    const [postgres, redis] = await Promise.all([
      startPostgres({ dataDir: path.join(folder, 'postgres'), port: 0, password: PASSWORD }),
      startRedis({ folder: path.join(folder, 'redis'), port: 0, password: PASSWORD }),
    ]);
    const stage = new Stage(folder, postgres, redis);
    try {
      await migrate(postgres.url);
      return await work(stage);
    } finally {
      await stage.clear();
    }
  }

  get databaseUrl(): string {
    return this.postgres.url;
  }

  /** Where an api answers now. */
  get urls(): string[] {
    return this.programs.flatMap((program) => (program ? [program.url] : []));
  }

  /** Starts the replicas; each is started anew when it is gone. @throws Error where one does not start at all */
  async open(): Promise<void> {
    const programs = await Promise.all(Array.from({ length: REPLICAS }, () => this.start()));
    programs.forEach((program, i) => this.keeping.push(this.keep(i, program)));
  }

  async kill(victim: Victim): Promise<void> {
    if (victim === 'postgres') return this.crashPostgres();
    if (victim === 'redis') {
      await this.loseRedis();
      const { port } = this.redis;
      this.redis = await startRedis({
        folder: path.join(this.folder, 'redis'),
        port: port!,
        password: PASSWORD,
      });
      return;
    }
    const running = this.programs.filter((program) => program !== undefined);
    const doomed = victim === 'api' ? [running[Math.floor(Math.random() * running.length)]] : running;
    for (const program of doomed) {
      program?.kill('SIGKILL');
      await program?.stopped;
    }
  }

  /** And it does not come back. */
  async loseRedis(): Promise<void> {
    process.kill(this.redis.pid!, 'SIGKILL');
    await this.redis.exited;
  }

  /** Immediate mode, as a loss of power: it recovers from its log. */
  private async crashPostgres(): Promise<void> {
    const { pid, port, exited } = this.postgres;
    process.kill(pid, 'SIGQUIT');
    await exited;
    this.postgres = await startPostgres({
      dataDir: path.join(this.folder, 'postgres'),
      port,
      password: PASSWORD,
    });
  }

  private start(): Promise<RunningProgram> {
    return startProgram({ role: 'api', databaseUrl: this.postgres.url, redisUrl: this.redis.url });
  }

  private async keep(i: number, first: RunningProgram): Promise<void> {
    const isOver = (): boolean => this.state.isOver;
    let program: RunningProgram | undefined = first;
    while (!isOver()) {
      this.programs[i] = program;
      await program?.stopped;
      this.programs[i] = undefined;
      // What it needs may be killed while it starts; then it is tried again.
      if (!isOver()) program = await this.start().catch(() => undefined);
    }
    program?.kill('SIGKILL');
    await program?.stopped;
  }

  private async clear(): Promise<void> {
    this.state.isOver = true;
    for (const program of this.programs) program?.kill('SIGKILL');
    await Promise.all(this.keeping);
    await this.redis.stop();
    await this.postgres.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
