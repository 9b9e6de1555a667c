import { existsSync } from 'node:fs';
import { rolldown } from 'rolldown';
import { CachedScript } from './cached-script.mjs';
import { inRoot } from './root.mjs';

/**
 * A part of the build: `foyer check` as one file, with the code that V8 makes of it when it checks the mappings that
 * ship. The other commands stay outside: the file is for `check` alone.
 */
const file = inRoot('dist/cli/check.bundle.cjs');
const isOtherCommand = (id, importer) =>
  importer !== undefined && /\bcommands\.js$/.test(importer) && id.startsWith('./') && id !== './check.js';

CachedScript.forget(file);
const bundle = await rolldown({
  input: inRoot('dist/cli/check-bundle.js'),
  platform: 'node',
  external: isOtherCommand,
});
await bundle.write({ file, format: 'cjs', codeSplitting: false });
await bundle.close();

const script = new CachedScript(file);
const { runCli } = script.exports();
// Without mappings only what starts the command is kept.
if (existsSync(inRoot('mappings')))
  await runCli(['check', inRoot('mappings')], { stdout: { write() {} }, stderr: process.stderr });
script.keepCode();
