import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './ports.mjs';
import { postgresBinaries } from './postgres-binaries.mjs';
import { commandLine, end, isAlive } from './processes.mjs';
import { unprivileged } from './unprivileged.mjs';

const USER = 'foyer';
const DATABASE = 'foyer';
const START_TIMEOUT_MS = 60_000;
/** Fast shutdown, then immediate (recovers at the next start), then the kernel. */
const STOP_STEPS = [
  ['SIGINT', 5_000],
  ['SIGQUIT', 2_000],
  ['SIGKILL', 1_000],
];

/**
 * Sized for a small machine that is shared with the program. Nothing here touches durability:
 * fsync, full_page_writes and synchronous_commit are stated because start refuses to run without them.
 */
const SETTINGS = {
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  max_connections: '200',
  shared_buffers: '256MB',
  work_mem: '8MB',
  maintenance_work_mem: '128MB',
  effective_cache_size: '1GB',
  max_wal_size: '2GB',
  min_wal_size: '256MB',
  wal_compression: 'on',
  checkpoint_completion_target: '0.9',
  random_page_cost: '1.1',
  autovacuum_naptime: '15s',
  log_min_messages: 'warning',
  log_line_prefix: '%m [%p] ',
  unix_socket_directories: '',
};

/**
 * Starts the PostgreSQL that came with npm, on loopback and with a password.
 *
 * @param {object} options
 * @param {string} options.dataDir created where missing
 * @param {number} [options.port] wanted; another one is taken where it is not free. 0: any
 * @param {string} [options.password] of the role; given anew to a data folder that knows another
 * @param {string} [options.logFile] where the server writes; default: beside the data folder
 * @param {(line: string) => void} [options.log] sentences for a person
 * @param {'namespace' | 'account'} [options.method] how root becomes someone else; forced by tests
 * @returns {Promise<{ url: string, port: number, pid: number, version: string, exited: Promise<string>, stop(): Promise<void> }>}
 */
export async function startPostgres({ dataDir, port = 5432, password, logFile, log = () => {}, method }) {
  const folder = path.resolve(dataDir);
  const secret = password ?? randomBytes(18).toString('base64url');
  const binaries = await postgresBinaries();
  mkdirSync(path.dirname(folder), { recursive: true });
  await endStalePostmaster(folder, log);
  const runner = unprivileged({ dataDir: folder, program: binaries.postgres, method });
  if (!existsSync(path.join(folder, 'PG_VERSION'))) await initialise(binaries, runner, folder, secret);

  const host = { binaries, runner, folder, logFile: logFile ?? `${folder}.log` };
  let server = await launch(host, port);
  if (!(await accepts(server.port, secret))) {
    await server.stop();
    log('the database knows another password; it is given the one in var/secrets.json');
    await givePassword(host, secret);
    server = await launch(host, server.port);
  }
  await createDatabase(server.port, secret);
  return { ...server, url: urlOf(server.port, secret, DATABASE), version: binaries.version };
}

/** After a kill -9 of the launcher the server may still run: it is ended, but only if it truly is this folder's. */
async function endStalePostmaster(folder, log) {
  const file = path.join(folder, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  if (pid > 0 && isAlive(pid) && commandLine(pid).includes(`-D ${folder}`)) {
    log(`a PostgreSQL of an earlier run is ended (process ${pid})`);
    await end(pid, STOP_STEPS);
  }
  // Left by a dead server; its number may belong to another program by now, and PostgreSQL would wait for that one.
  rmSync(file, { force: true });
}

async function initialise(binaries, runner, folder, password) {
  // A folder without PG_VERSION is what an interrupted initdb leaves: it holds nothing of anyone.
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: 0o700 });
  const passwordFile = path.join(tmpdir(), `foyer-${randomBytes(8).toString('hex')}`);
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (runner.uid !== undefined) {
    chownSync(folder, runner.uid, runner.gid);
    chownSync(passwordFile, runner.uid, runner.gid);
  }
  const args = [
    '-D',
    folder,
    '-U',
    USER,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
  ];
  const locale = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  try {
    await runToEnd(runner.wrap(binaries.initdb, [...args, ...locale]), 'initdb');
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/** Another program may take the port between our look and the server's bind: then the next one is tried. */
async function launch(host, wanted) {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort(attempt === 1 ? wanted : 0);
    try {
      return await launchOn(host, port);
    } catch (error) {
      if (attempt === 5) throw error;
      await sleep(300);
    }
  }
}

async function launchOn({ binaries, runner, folder, logFile }, port) {
  const settings = { ...SETTINGS, listen_addresses: '127.0.0.1', port: String(port) };
  const args = [
    '-D',
    folder,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
  const output = openSync(logFile, 'a', 0o600);
  const [command, words] = runner.wrap(binaries.postgres, args);
  // Its own process group: Ctrl-C in the terminal must reach the launcher only, which ends the database last.
  const child = spawn(command, words, { stdio: ['ignore', output, output], detached: true });
  closeSync(output);
  const exited = new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`));
    child.once('error', (error) => resolve(error.message));
  });
  await readiness(child, folder, logFile);
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) await end(child.pid, STOP_STEPS);
    await exited;
  };
  return { port, pid: child.pid, exited, stop };
}

async function readiness(child, folder, logFile) {
  const file = path.join(folder, 'postmaster.pid');
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!readsReady(file, child.pid)) {
    const ended = child.exitCode !== null || child.signalCode !== null;
    if (ended || child.pid === undefined || Date.now() > deadline) {
      if (!ended && child.pid) await end(child.pid, STOP_STEPS);
      throw new Error(`PostgreSQL did not start. Its last words (${logFile}):\n${lastLines(logFile)}`);
    }
    await sleep(20);
  }
}

function readsReady(file, pid) {
  try {
    const lines = readFileSync(file, 'utf8').split('\n');
    return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
  } catch {
    // Not written yet.
    return false;
  }
}

/** Where var/secrets.json was lost, the owner of the folder may set the password without knowing the old one. */
async function givePassword({ binaries, runner, folder }, password) {
  const args = ['--single', '-D', folder, '-c', 'log_min_messages=fatal', 'postgres'];
  await runToEnd(
    runner.wrap(binaries.postgres, args),
    'postgres --single',
    `alter role ${USER} password '${password.replaceAll("'", "''")}'\n`,
  );
}

async function accepts(port, password) {
  try {
    await query(urlOf(port, password, 'postgres'), 'select 1');
    return true;
  } catch (error) {
    if (error.code === '28P01') return false;
    throw error;
  }
}

async function createDatabase(port, password) {
  const url = urlOf(port, password, 'postgres');
  const { rowCount } = await query(url, `select 1 from pg_database where datname = '${DATABASE}'`);
  if (rowCount === 0) await query(url, `create database ${DATABASE}`);
}

async function query(url, text) {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    return await client.query(text);
  } finally {
    await client.end();
  }
}

function urlOf(port, password, database) {
  return `postgres://${USER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
}

function runToEnd([command, args], name, input = '') {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${name} ended with code ${code}:\n${output.trim()}`));
    });
    child.stdin.on('error', () => {}).end(input);
  });
}

function lastLines(file) {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-8).join('\n');
}
