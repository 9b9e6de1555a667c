import { install, isInstalled } from './launcher/install.mjs';
import { build } from './launcher/build.mjs';
import { inRoot } from './launcher/root.mjs';
import { runCommand } from './launcher/run-command.mjs';

// `npm run bench [registrations|pipeline|latency] [-- --json]`: builds what ships, then the benchmarks, and runs them.
if (!isInstalled()) await install();
await build({ unlessCurrent: true });
await runCommand(process.execPath, [
  inRoot('node_modules/@swc/cli/bin/swc.js'),
  'bench',
  '-d',
  'var',
  '--quiet',
]);
await runCommand(process.execPath, [inRoot('var/bench/main.js'), ...process.argv.slice(2)], {
  onLine: console.log,
});
