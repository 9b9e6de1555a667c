import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { FAULTS } from '../test/mutants/faults.mjs';
import { install, isInstalled } from './launcher/install.mjs';
import { startPostgres } from './launcher/postgres.mjs';
import { readJson } from './launcher/private-file.mjs';
import { startRedis } from './launcher/redis.mjs';
import { inRoot } from './launcher/root.mjs';

/**
 * `npm run test:mutants`: plants every fault of test/mutants/faults.mjs alone and runs the tests that should catch it.
 *
 * 1. The tree is copied, node_modules linked; nothing is ever planted in the checkout itself.
 * 2. The tests are run once without any fault: tests that fail anyway would prove nothing.
 * 3. Each fault in turn: planted, tests run, taken out. Only a test that failed counts, not a file that did not load.
 *
 * Ends with 1 where a fault survives, cannot be planted, or breaks the tests in another way.
 * Arguments choose faults by a part of their names: `npm run test:mutants -- webhook bell`.
 */
const COPIED = ['src', 'web', 'sandbox', 'test', 'scripts', 'config', 'mappings', 'bench'];
const COPIED_FILES = ['package.json', 'tsconfig.json', 'vitest.config.ts', '.swcrc'];
const TEST_RUN_MS_MAX = 120_000;
/** All of them once, without a fault. */
const SOUND_RUN_MS_MAX = 600_000;
const REDIS_DATABASES = 256;

const wanted = process.argv.slice(2);
const faults = FAULTS.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
if (!isInstalled()) await install();

const folder = mkdtempSync(path.join(tmpdir(), 'foyer-mutants-'));
const tree = path.join(folder, 'tree');
const stops = [() => rmSync(folder, { recursive: true, force: true })];
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void end(130));

try {
  copyTree();
  const servers = await startServers();
  process.exitCode = (await allAreCaught(servers)) ? 0 : 1;
} finally {
  await stopAll();
}

function copyTree() {
  for (const name of [...COPIED, ...COPIED_FILES]) {
    if (existsSync(inRoot(name))) cpSync(inRoot(name), path.join(tree, name), { recursive: true });
  }
  symlinkSync(inRoot('node_modules'), path.join(tree, 'node_modules'), 'dir');
}

/** One database server and one Redis for all runs, which then start in a second. */
async function startServers() {
  const postgres = await startPostgres({ dataDir: path.join(folder, 'postgres'), port: 0 });
  stops.push(() => postgres.stop());
  const redis = await startRedis({ folder: path.join(folder, 'redis'), port: 0, databases: REDIS_DATABASES });
  stops.push(() => redis.stop());
  return { DATABASE_URL_TEST: postgres.url, REDIS_URL_TEST: redis.url };
}

async function allAreCaught(servers) {
  const begin = performance.now();
  const tests = [...new Set(faults.flatMap((fault) => fault.tests))];
  const sound = await runTests(tests, servers, SOUND_RUN_MS_MAX);
  if (sound.verdict !== 'survived') {
    console.error(`Without any fault the tests do not pass: ${sound.by}`);
    return false;
  }
  console.log(`Without a fault ${tests.length} test files and folders pass (${sound.seconds} s).\n`);

  const rows = [];
  for (const fault of faults) {
    const row = { fault: fault.name, ...(await tryFault(fault, servers)) };
    rows.push(row);
    console.log(
      `${row.verdict.padEnd(8)} ${row.seconds.padStart(5)} s  ${row.fault}\n                  ${row.by}`,
    );
  }
  const caught = rows.filter(({ verdict }) => verdict === 'caught').length;
  const minutes = ((performance.now() - begin) / 60_000).toFixed(1);
  console.log(`\n${caught} of ${rows.length} faults caught in ${minutes} minutes`);
  for (const row of rows)
    if (row.verdict !== 'caught') console.log(`${row.verdict}: ${row.fault} (${row.by})`);
  return rows.length > 0 && caught === rows.length;
}

async function tryFault({ edits, tests }, servers) {
  const originals = new Map(edits.map(({ file }) => [file, readFileSync(path.join(tree, file), 'utf8')]));
  try {
    for (const { file, old, new: replacement } of edits) {
      const text = readFileSync(path.join(tree, file), 'utf8');
      const parts = text.split(old).length - 1;
      if (parts !== 1) {
        return { verdict: 'stale', by: `its old text stands ${parts} times in ${file}`, seconds: '0.0' };
      }
      // A function, since a text would have its dollar signs read as references.
      writeFileSync(
        path.join(tree, file),
        text.replace(old, () => replacement),
      );
    }
    return await runTests(tests, servers);
  } finally {
    for (const [file, text] of originals) writeFileSync(path.join(tree, file), text);
  }
}

/** `caught` names the first test that failed; `broken` is a run without a verdict. */
async function runTests(tests, servers, msMax = TEST_RUN_MS_MAX) {
  const begin = performance.now();
  const report = path.join(folder, 'report.json');
  rmSync(report, { force: true });
  const args = ['run', ...tests, '--bail=1', '--reporter=json', `--outputFile=${report}`];
  const isOver = await run([path.join(tree, 'node_modules/vitest/vitest.mjs'), ...args], servers, msMax);
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  if (!isOver) return { verdict: 'caught', by: `no end within ${msMax / 1000} s`, seconds };
  const results = readJson(report)?.testResults ?? [];
  const all = results.flatMap(({ assertionResults }) => assertionResults);
  const failed = all.find(({ status }) => status === 'failed');
  if (failed) return { verdict: 'caught', by: failed.fullName, seconds };
  const unloaded = results.find(({ status }) => status === 'failed');
  if (unloaded || all.length === 0) {
    const reason = unloaded?.message?.split('\n')[0] ?? 'no test ran';
    return { verdict: 'broken', by: `the tests did not run: ${reason}`, seconds };
  }
  return { verdict: 'survived', by: `${all.length} tests passed`, seconds };
}

/** @returns {Promise<boolean>} whether it ended by itself */
function run(args, env, msMax) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: tree,
      stdio: 'ignore',
      env: { ...process.env, FOYER_TEST_DEEP: '0', ...env },
    });
    const kill = () => child.kill('SIGKILL');
    stops.push(kill);
    const timer = setTimeout(() => {
      kill();
      resolve(false);
    }, msMax);
    child.once('exit', () => {
      clearTimeout(timer);
      stops.splice(stops.indexOf(kill), 1);
      resolve(true);
    });
  });
}

async function stopAll() {
  for (const stop of stops.splice(0).reverse()) await stop();
}

async function end(code) {
  await stopAll();
  process.exit(code);
}
