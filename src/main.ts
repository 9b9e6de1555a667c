import 'reflect-metadata';
import { loadSettings, SettingsError } from './platform/config/load-settings.js';
import type { Settings } from './platform/config/settings.js';
import { createLogger } from './platform/logger.js';

const COMMANDS: Record<string, (settings: Settings) => Promise<void>> = { serve, migrate, seed };

async function main(): Promise<void> {
  const command = process.argv[2] ?? 'serve';
  const run = COMMANDS[command];
  if (!run)
    throw new Error(`There is no command ${command}: give ${Object.keys(COMMANDS).join(', ')} or none.`);
  await run(loadSettings());
}

async function serve(settings: Settings): Promise<void> {
  const { startServer } = await import('./serve.js');
  await startServer(settings);
}

async function migrate(settings: Settings): Promise<void> {
  const { migrate: run } = await import('./platform/database/migrate.js');
  const ran = await run(settings.database.url);
  createLogger(settings.process.logLevel).info({ ran }, 'schema is up to date');
}

async function seed(settings: Settings): Promise<void> {
  const { seedDemonstration } = await import('./seed.js');
  console.log(JSON.stringify(await seedDemonstration(settings)));
}

main().catch((error: unknown) => {
  const told = error instanceof SettingsError || error instanceof Error ? error.message : String(error);
  createLogger().fatal({ code: (error as { code?: unknown }).code }, told);
  process.exit(1);
});
