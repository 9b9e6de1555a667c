import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram } from './launcher/find-program.mjs';
import { readJson } from './launcher/private-file.mjs';
import { isAlive, waitForEnd } from './launcher/processes.mjs';
import { note, step } from './launcher/progress.mjs';
import { ROOT } from './launcher/root.mjs';

/** All that a machine needs to have. */
const TOOLS = ['node', 'npm', 'sh', 'env', 'uname'];
const START_TIMEOUT_MS = 240_000;
const ARRIVAL_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 12_000;

/**
 * The promise of `npm start`, kept from nothing: a clean clone, a PATH with only Node and npm,
 * one person registered over HTTP, seen in both twins, everything ended by one signal.
 */
export async function smoke() {
  const folder = mkdtempSync(path.join(tmpdir(), 'foyer-smoke-'));
  const clone = path.join(folder, 'foyer');
  // What is committed, as anyone else would get it.
  execFileSync('git', ['clone', '--quiet', '--no-local', ROOT, clone], { stdio: 'pipe' });
  const launcher = spawn(findProgram('npm'), ['start'], {
    cwd: clone,
    env: bareEnvironment(path.join(folder, 'bin')),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [launcher.stdout, launcher.stderr]) stream.on('data', (chunk) => (said += chunk));
  const began = Date.now();
  try {
    const run = await step(() => started(clone, launcher), 'Smoke: npm start from a clean clone');
    await step(() => register(run), 'Smoke: one registration, seen in both twins');
    note(
      `Smoke: from a clean clone to the record in both twins in ${Math.round((Date.now() - began) / 1000)} s`,
    );
    await step(() => ended(clone, run), 'Smoke: everything ended by one signal');
  } catch (error) {
    throw new Error(`The smoke run failed. The launcher said:\n${said}\n${logsOf(clone)}`, { cause: error });
  } finally {
    const left = readJson(path.join(clone, 'var/launcher.lock'))?.pid;
    if (left && isAlive(left)) process.kill(left, 'SIGTERM');
    if (left) await waitForEnd(left, STOP_TIMEOUT_MS);
    launcher.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

function bareEnvironment(bin) {
  mkdirSync(bin);
  for (const tool of TOOLS) {
    const found = findProgram(tool);
    if (found) symlinkSync(found, path.join(bin, tool));
  }
  const { HOME, npm_config_cache, npm_config_registry, npm_config_userconfig } = process.env;
  return dropUnset({
    PATH: bin,
    PORT: '0',
    HOME,
    npm_config_cache,
    npm_config_registry,
    npm_config_userconfig,
  });
}

async function started(clone, launcher) {
  const file = path.join(clone, 'var/run.json');
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!existsSync(file)) {
    if (launcher.exitCode !== null) throw new Error(`npm start ended with code ${launcher.exitCode}`);
    if (Date.now() > deadline) throw new Error('var/run.json did not appear');
    await sleep(100);
  }
  const run = readJson(file);
  if (run.redis !== 'js-redis-server') throw new Error(`A ${run.redis} was found on a PATH that has none`);
  return run;
}

async function register({ event, twins }) {
  const email = `smoke-${Date.now()}@example.com`;
  const body = {
    attendee: { email, firstName: 'Smoke', lastName: 'Test', company: 'Clean Clone Ltd' },
    answers: {},
    consents: [
      { purpose: 'terms', granted: true },
      { purpose: 'marketing', granted: true },
    ],
  };
  const response = await fetch(`${event}/registrations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (response.status !== 201) throw new Error(`Registration: ${response.status} ${await response.text()}`);
  await Promise.all([
    seen(`${twins.hubspot}/_twin/records/contacts`, email),
    seen(`${twins.salesforce}/_twin/records/Lead`, email),
  ]);
}

async function seen(url, email) {
  const deadline = Date.now() + ARRIVAL_TIMEOUT_MS;
  for (;;) {
    const response = await fetch(url);
    const text = await response.text();
    if (text.includes(email)) return;
    if (Date.now() > deadline)
      throw new Error(`${url} does not show ${email}: ${response.status} ${text.slice(0, 500)}`);
    await sleep(100);
  }
}

async function ended(clone, { pids }) {
  process.kill(pids.launcher, 'SIGTERM');
  for (const [name, pid] of Object.entries(pids)) {
    if (!(await waitForEnd(pid, STOP_TIMEOUT_MS))) throw new Error(`${name} (process ${pid}) still runs`);
  }
  if (existsSync(path.join(clone, 'var/run.json'))) throw new Error('var/run.json is still there');
}

function logsOf(clone) {
  return ['api', 'worker']
    .map((name) => path.join(clone, 'var/log', `${name}.log`))
    .filter((file) => existsSync(file))
    .map((file) => `${path.basename(file)}:\n${readFileSync(file, 'utf8').slice(-4_000)}`)
    .join('\n');
}

function dropUnset(values) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
