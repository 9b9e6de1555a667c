import { build } from './launcher/build.mjs';
import { install, isInstalled } from './launcher/install.mjs';
import { inRoot, ROOT } from './launcher/root.mjs';
import { runCommand } from './launcher/run-command.mjs';

/**
 * `npm run bench [names…] [-- --json] [-- --profile FOLDER]`: builds what ships and the
 * benchmarks, and runs them in this process, so that Ctrl-C ends all they started.
 */
if (!isInstalled()) await install();
await build({ unlessCurrent: true });
const swc = inRoot('node_modules/@swc/cli/bin/swc.js');
await runCommand(process.execPath, [swc, 'bench', '-d', 'dist', '--quiet']);
process.chdir(ROOT);
await import('../dist/bench/main.js');
