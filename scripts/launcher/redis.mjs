import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findProgram, findSystemTool } from './find-program.mjs';
import { freePort } from './ports.mjs';
import { end } from './processes.mjs';

const START_TIMEOUT_MS = 15_000;
/** The npm server's own close can hang, and neither keeps anything: a short grace is enough. */
const STOP_STEPS = [
  ['SIGTERM', 800],
  ['SIGKILL', 1_000],
];

/**
 * A Redis for the program: the given one, else a server on PATH, else the one that came with npm.
 * It keeps nothing on disk: PostgreSQL is the only truth.
 *
 * @param {object} options
 * @param {string} [options.url] a given Redis (REDIS_URL)
 * @param {string} options.folder where a server on PATH runs
 * @param {number} [options.port] wanted; another one is taken where it is not free. 0: any
 * @param {string} [options.password] default: a new one
 * @param {number} [options.databases] how many numbered ones it keeps apart
 * @param {'given' | 'redis-server' | 'js-redis-server'} [options.kind] forces a kind, for tests
 * @param {(line: string) => void} [options.onLine] what the server prints
 * @returns {Promise<{ url: string, port?: number, kind: string, pid?: number, exited?: Promise<string>, stop(): Promise<void> }>}
 */
export async function startRedis({
  url,
  folder,
  port = 6379,
  password,
  databases = 16,
  kind,
  onLine = () => {},
}) {
  const chosen = kind ?? chooseKind(url);
  if (chosen === 'given') {
    if (!url) throw new Error('The given Redis is asked for, but REDIS_URL is not set.');
    return { url, kind: 'given', stop: async () => {} };
  }
  const own = {
    folder: path.resolve(folder),
    password: password ?? randomBytes(18).toString('base64url'),
    databases,
  };
  mkdirSync(own.folder, { recursive: true });
  const taken = await freePort(port);
  const child = chosen === 'redis-server' ? spawnServer(own, taken) : spawnFromNpm(own, taken);
  return ready(child, { kind: chosen, port: taken, password: own.password, onLine });
}

/** @returns {'given' | 'redis-server' | 'js-redis-server'} */
export function chooseKind(url) {
  if (url) return 'given';
  return serverOnPath() ? 'redis-server' : 'js-redis-server';
}

function serverOnPath() {
  return findProgram('redis-server', 'valkey-server');
}

/** The settings go in by stdin, so that the password is not in the list of processes. */
function spawnServer({ folder, password, databases }, port) {
  const program = serverOnPath();
  if (!program) throw new Error('Neither redis-server nor valkey-server is on PATH.');
  const setpriv = process.platform === 'linux' ? findSystemTool('setpriv') : undefined;
  const [command, ...before] = [...(setpriv ? [setpriv, '--pdeathsig', 'TERM'] : []), program];
  const child = spawn(command, [...before, '-', '--port', String(port)], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const settings = [
    'bind 127.0.0.1',
    `dir "${folder}"`,
    'save ""',
    'appendonly no',
    'maxmemory-policy noeviction',
    `databases ${databases}`,
    `requirepass ${password}`,
  ];
  child.stdin.on('error', () => {}).end(`${settings.join('\n')}\n`);
  return child;
}

function spawnFromNpm({ folder, password, databases }, port) {
  const script = fileURLToPath(new URL('./js-redis-server.mjs', import.meta.url));
  return spawn(process.execPath, [script, String(port), String(databases)], {
    cwd: folder,
    env: { ...process.env, FOYER_REDIS_PASSWORD: password },
    // It ends when the channel to the launcher closes.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  });
}

async function ready(child, { kind, port, password, onLine }) {
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      said = (said + chunk).slice(-2_000);
      for (const line of String(chunk).split('\n').filter(Boolean)) onLine(line);
    });
  }
  let isGone = false;
  const exited = new Promise((resolve) => {
    const gone = (how) => {
      isGone = true;
      resolve(how);
    };
    child.once('exit', (code, signal) => gone(signal ?? `code ${code}`));
    child.once('error', (error) => {
      said += error.message;
      gone(error.message);
    });
  });
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await answers(port, password))) {
    if (isGone || Date.now() > deadline) {
      if (!isGone) await end(child.pid, STOP_STEPS);
      throw new Error(`${kind} did not start on port ${port}:\n${said.trim()}`);
    }
    await sleep(20);
  }
  const stop = async () => {
    if (!isGone) await end(child.pid, STOP_STEPS);
    await exited;
  };
  return { url: `redis://:${password}@127.0.0.1:${port}`, port, kind, pid: child.pid, exited, stop };
}

/** One PING spoken by hand: no client library is needed before anything runs. */
function answers(port, password) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let answer = '';
    const settle = (isAnswered) => {
      socket.destroy();
      resolve(isAnswered);
    };
    socket.setTimeout(1_000, () => settle(false));
    socket.on('error', () => settle(false));
    socket.on('close', () => settle(false));
    socket.on('connect', () => socket.write(`AUTH ${password}\r\nPING\r\n`));
    socket.on('data', (chunk) => {
      answer += chunk;
      if (answer.includes('+PONG')) settle(true);
    });
  });
}
