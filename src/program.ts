import 'reflect-metadata';
import { loadSettings, SettingsError } from './platform/config/load-settings.js';
import type { Settings } from './platform/config/settings.js';
import { createLogger } from './platform/logger.js';

const COMMANDS: Record<string, (settings: Settings) => Promise<void>> = { serve, migrate, seed };

/** Runs one of the program's commands; a failure is logged and ends the process. */
export async function run(command = 'serve'): Promise<void> {
  try {
    const start = COMMANDS[command];
    if (!start)
      throw new Error(`There is no command ${command}: give ${Object.keys(COMMANDS).join(', ')} or none.`);
    await start(loadSettings());
  } catch (error) {
    const told = error instanceof SettingsError || error instanceof Error ? error.message : String(error);
    createLogger().fatal({ code: (error as { code?: unknown }).code }, told);
    process.exit(1);
  }
}

/** Loads what the commands need and runs none: the build keeps what V8 makes of it. */
export async function load(): Promise<void> {
  await Promise.all([loadServer(), loadMigrations(), loadSeed()]);
}

const loadServer = () => import('./serve.js');
const loadMigrations = () => import('./platform/database/migrate.js');
const loadSeed = () => import('./seed.js');

async function serve(settings: Settings): Promise<void> {
  const { startServer } = await loadServer();
  await startServer(settings);
}

async function migrate(settings: Settings): Promise<void> {
  const { migrate: toNewest } = await loadMigrations();
  const ran = await toNewest(settings.database.url);
  createLogger(settings.process.logLevel).info({ ran }, 'schema is up to date');
}

async function seed(settings: Settings): Promise<void> {
  const { seedDemonstration } = await loadSeed();
  console.log(JSON.stringify(await seedDemonstration(settings)));
}
