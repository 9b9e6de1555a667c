#!/usr/bin/env node
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { CHECK_BUNDLE } from './launcher/bundles.mjs';

/** `npx foyer …`: the command line, compiled first where it is not yet. Paths in arguments stay the caller's. */
const root = fileURLToPath(new URL('..', import.meta.url));
const program = path.join(root, 'dist/cli/main.js');

if (!existsSync(program)) {
  const { install, isInstalled } = await import('./launcher/install.mjs');
  const { build } = await import('./launcher/build.mjs');
  // On stderr: what the command prints belongs to whoever reads it.
  console.error('Foyer is built first …');
  if (!isInstalled()) await install();
  await build({ unlessCurrent: true });
}
useRunning();
process.argv[1] = program;
if (process.argv[2] === 'check' && existsSync(CHECK_BUNDLE)) {
  const { checkScript } = await import('./launcher/check-script.mjs');
  const { runCli } = checkScript().exports();
  const thread = new URL('./launcher/check-thread.mjs', import.meta.url);
  process.exitCode = await runCli(process.argv.slice(2), process, thread);
} else {
  await import(pathToFileURL(program).href);
}

/**
 * What `npm start` runs here, by the same `.env`, is what a command means, unless the environment itself names a
 * database.
 */
function useRunning() {
  const isGiven = Boolean(process.env.DATABASE_URL);
  const settings = path.join(root, '.env');
  if (existsSync(settings)) process.loadEnvFile(settings);
  const file = path.join(path.resolve(root, process.env.FOYER_VAR_DIR ?? 'var'), 'environment.json');
  if (isGiven || !existsSync(file)) return;
  for (const [name, value] of Object.entries(JSON.parse(readFileSync(file, 'utf8'))))
    process.env[name] ??= value;
}
