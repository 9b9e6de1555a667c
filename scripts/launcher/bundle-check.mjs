import { existsSync } from 'node:fs';
import { bundle } from './bundle.mjs';
import { CHECK_BUNDLE } from './bundles.mjs';
import { checkScript } from './check-script.mjs';
import { inRoot } from './root.mjs';

/**
 * A part of the build: `foyer check` as one file, with the code that V8 makes of it when it checks the mappings that
 * ship. The other commands stay outside: the file is for `check` alone.
 */
const isOtherCommand = (id, importer) =>
  importer !== undefined && /\bcommands\.js$/.test(importer) && id.startsWith('./') && id !== './check.js';

await bundle(inRoot('dist/cli/check-bundle.js'), CHECK_BUNDLE, { external: isOtherCommand });

const script = checkScript();
const { runCli } = script.exports();
// Without mappings only what starts the command is kept.
if (existsSync(inRoot('mappings')))
  await runCli(['check', inRoot('mappings')], { stdout: { write() {} }, stderr: process.stderr });
script.keepCode();
