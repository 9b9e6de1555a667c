import { Global, Inject, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import pg from 'pg';
import { Settings } from '../config/settings.js';
import { LOGGER, type Logger } from '../logger.js';
import { refuseUnsafeDurability } from './durability.js';

export const PG_POOL = Symbol('pg.Pool');

/** A raw pool for the hot paths, whose SQL has names; TypeORM's DataSource for the rest. */
@Global()
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      inject: [Settings],
      useFactory: (settings: Settings) => ({
        type: 'postgres',
        url: settings.database.url,
        autoLoadEntities: true,
        synchronize: false,
        retryAttempts: 20,
        retryDelay: 500,
        extra: { max: 4 },
      }),
    }),
  ],
  providers: [
    {
      provide: PG_POOL,
      inject: [Settings, LOGGER],
      useFactory: (settings: Settings, logger: Logger) => createPool(settings, logger),
    },
  ],
  exports: [PG_POOL],
})
export class DatabaseModule implements OnModuleInit, OnApplicationShutdown {
  constructor(@Inject(PG_POOL) private readonly pool: pg.Pool) {}

  async onModuleInit(): Promise<void> {
    await refuseUnsafeDurability(this.pool);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }
}

/**
 * The plan of a named statement outlives the statistics it was made by: one made while a table held a page would read
 * all of it for each record of a rush, until the next analyze. What no index answers is read whole as before.
 */
async function byIndexAlone(client: pg.ClientBase): Promise<void> {
  await client.query('set enable_seqscan = off');
}

function createPool(settings: Settings, logger: Logger): pg.Pool {
  const pool = new pg.Pool({
    connectionString: settings.database.url,
    max: settings.database.poolMax,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 60_000,
    statement_timeout: settings.database.statementTimeoutMs,
    keepAlive: true,
    // eslint-disable-next-line @typescript-eslint/no-misused-promises -- the pool awaits it; its types do not say so
    onConnect: byIndexAlone,
  });
  // An idle connection that the server ends is no news for anyone; the next query takes another.
  pool.on('error', (error) =>
    logger.warn({ code: (error as { code?: string }).code }, 'database connection lost'),
  );
  return pool;
}
