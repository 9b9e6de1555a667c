import { DataSource, type MigrationInterface } from 'typeorm';
import { migrations } from './migrations/migrations.js';

/**
 * Brings the schema up to date; several processes may call it at once, one does the work.
 * @param url postgres://…
 * @returns the names of the migrations that ran now
 */
export async function migrate(url: string): Promise<string[]> {
  const source = new DataSource({
    type: 'postgres',
    url,
    migrations: migrations as unknown as (new () => MigrationInterface)[],
    migrationsTableName: 'schema_migrations',
    migrationsTransactionMode: 'each',
    extra: { max: 2 },
  });
  await source.initialize();
  const runner = source.createQueryRunner();
  try {
    await runner.query(`select pg_advisory_lock(hashtext('foyer.migrate'))`);
    const ran = await source.runMigrations();
    return ran.map((migration) => migration.name);
  } finally {
    await runner.query(`select pg_advisory_unlock(hashtext('foyer.migrate'))`).catch(() => undefined);
    await runner.release();
    await source.destroy();
  }
}
