import { spawn } from 'node:child_process';
import { install, isInstalled } from './launcher/install.mjs';
import { fail, step } from './launcher/progress.mjs';
import { ROOT, inRoot } from './launcher/root.mjs';

/** `npm run check`: what CI asks of every change. Stops at the first that does not hold. */
const CHECKS = [
  [
    'Format',
    ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.'],
    'npm run format',
  ],
  ['Lint', ['node_modules/eslint/bin/eslint.js', '.'], 'npm run lint'],
  ['Types', ['node_modules/typescript/bin/tsc', '--noEmit'], 'npm run types'],
  ['Arrows and tests', ['scripts/test.mjs', ...process.argv.slice(2)], 'npm test'],
];

if (!isInstalled()) await step(() => install(), 'Packages installed');
for (const [name, [script, ...args], command] of CHECKS) {
  const code = await step(
    () => run(inRoot(script), args),
    (result) => (result === 0 ? name : ''),
  );
  if (code === 0) continue;
  fail(`${name} does not hold; alone: ${command}`);
  process.exit(1);
}

function run(script, args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script, ...args], { cwd: ROOT, stdio: 'inherit' });
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
