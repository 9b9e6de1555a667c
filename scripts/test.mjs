import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from './launcher/build.mjs';
import { install, isInstalled } from './launcher/install.mjs';
import { readJson } from './launcher/private-file.mjs';
import { step } from './launcher/progress.mjs';
import { ROOT, inRoot } from './launcher/root.mjs';
import { smoke } from './smoke.mjs';

/**
 * `npm test`: the whole suite once, on servers of its own. The last line is `N passed, N failed`.
 * --deep   the long form too (`npm run test:deep`)
 * --smoke  also the launcher from a clean clone, counted as one test
 * What else is given goes to vitest: `npm test -- test/launcher`.
 */
const given = process.argv.slice(2);
const isDeep = given.includes('--deep');
const isSmoke = given.includes('--smoke');
const forVitest = given.filter((argument) => argument !== '--deep' && argument !== '--smoke');

if (!isInstalled()) await step(() => install(), 'Packages installed');
await step(() => build({ unlessCurrent: true }), 'Built');

const counts = await runVitest();
if (isSmoke) counts[(await passes(smoke)) ? 'passed' : 'failed'] += 1;

const { passed, failed, skipped } = counts;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);

async function runVitest() {
  const folder = mkdtempSync(path.join(tmpdir(), 'foyer-test-run-'));
  const report = path.join(folder, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const args = [inRoot('node_modules/vitest/vitest.mjs'), 'run', ...reporters, ...forVitest];
  try {
    const code = await run(args, { FOYER_TEST_DEEP: isDeep ? '1' : '0' });
    return count(readJson(report), code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(args, env) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      stdio: 'inherit',
      env: { ...process.env, ...env },
    });
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

/** A file that does not load has no tests that could fail: it counts as one. So does a fault outside every test. */
function count(report, code) {
  if (!report) return { passed: 0, failed: 1, skipped: 0 };
  const unloaded = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  const failed = report.numFailedTests + unloaded.length;
  return {
    passed: report.numPassedTests,
    failed: code !== 0 && failed === 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

async function passes(test) {
  try {
    await test();
    return true;
  } catch (error) {
    console.error(error);
    return false;
  }
}
