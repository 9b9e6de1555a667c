import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LogFile } from './log-file.mjs';
import { parse, startNodeChild } from './node-child.mjs';
import { isFree } from './ports.mjs';
import { startPostgres } from './postgres.mjs';
import { note } from './progress.mjs';
import { startRedis } from './redis.mjs';
import { inRoot } from './root.mjs';
import { Supervised } from './supervised.mjs';
import { warningsOf } from './warnings.mjs';

const PROGRAM = inRoot('scripts/program.mjs');
const TWIN = inRoot('dist/sandbox/main.js');
const IDENTITY = inRoot('dist/sandbox/identity/main.js');
const READY_TIMEOUT_MS = 30_000;

/** Makes the servers of one run: each is kept alive, logs to a file of its own and is listed on disk. */
export class Services {
  #varDir;
  #children;
  #ports;
  #giveUp;

  constructor({ varDir, children, ports, giveUp }) {
    this.#varDir = varDir;
    this.#children = children;
    this.#ports = ports;
    this.#giveUp = giveUp;
  }

  async postgres(password) {
    const dataDir = path.join(this.#varDir, 'postgres');
    const log = this.#log('postgres');
    let port = await this.#ports.choose('PostgreSQL', 5432);
    return this.#supervise('PostgreSQL', log, async () => {
      const server = await startPostgres({ dataDir, port, password, logFile: log.file, log: note });
      ({ port } = server);
      this.#ports.keep('PostgreSQL', port);
      this.#children.add('postgres', server.pid, `-D ${dataDir}`);
      return server;
    });
  }

  async redis(url, password) {
    const folder = path.join(this.#varDir, 'redis');
    const log = this.#log('redis');
    const port = url ? 0 : await this.#ports.choose('Redis', 6379);
    return this.#supervise('Redis', log, async () => {
      const server = await startRedis({ url, folder, port, password, onLine: (line) => log.write(line) });
      if (server.pid)
        this.#children.add('redis', server.pid, server.kind === 'redis-server' ? `:${server.port}` : folder);
      return server;
    });
  }

  async twin(vendor, title, standardPort, env) {
    const choosePort = () => this.#ports.choose(`the ${title} twin`, standardPort);
    const journal = path.join(this.#varDir, 'twins', `${vendor}.ndjson`);
    return this.#node(`twin-${vendor}`, `The ${title} twin`, {
      port: await choosePort(),
      choosePort,
      script: TWIN,
      args: (port) => [vendor, '--port', String(port), '--journal', journal, '--with-parent'],
      env: () => env,
      readiness: ({ twin, url }) => (twin === vendor ? url : undefined),
      stopGraceMs: 1_000,
    });
  }

  async identity(env) {
    const choosePort = () => this.#ports.choose('the identity provider', 4000);
    const keys = path.join(this.#varDir, 'twins', 'identity-keys.json');
    return this.#node('identity', 'The identity provider', {
      port: await choosePort(),
      choosePort,
      script: IDENTITY,
      args: (port) => ['--port', String(port), '--keys', keys, '--with-parent'],
      env: () => env,
      readiness: ({ identity, url }) => (identity ? url : undefined),
      stopGraceMs: 1_000,
    });
  }

  /** A process of the program: the API is ready when it answers so, a worker when it drains. */
  program(role, env) {
    const name = role === 'all' ? 'foyer' : role;
    return this.#node(name, role === 'worker' ? 'The worker' : 'The API', {
      port: Number(env.PORT),
      choosePort:
        role === 'worker'
          ? undefined
          : () => this.#ports.choose('Foyer', Number(env.PORT), { host: env.FOYER_HOST }),
      script: PROGRAM,
      args: () => [],
      env: (port) => ({ ...env, FOYER_ROLE: role, PORT: String(port) }),
      readiness: ({ msg, url }) => {
        if (role === 'worker') return msg === 'draining' ? '' : undefined;
        return msg === 'listening' ? url : undefined;
      },
      afterStart: async (server) => {
        if (role !== 'worker') await untilReady(server.value);
      },
      stopGraceMs: 5_000,
    });
  }

  /**
   * Between our look at a port and the child's own bind another program may take it: the first start then goes to the
   * next port. Later ones stay, since others know the address by then.
   */
  #node(name, title, { port, choosePort, script, args, env, afterStart, ...options }) {
    const log = this.#log(name);
    const showWarning = warningsOf(name);
    let isFirst = true;
    const startOn = async (number) => {
      const server = await startNodeChild({
        name: title,
        startTimeoutMs: READY_TIMEOUT_MS,
        ...options,
        args: [script, ...args(number)],
        env: env(number),
        onSpawn: (pid) => this.#children.add(name, pid, script),
        onLine: (line) => {
          log.write(line);
          showWarning(parse(line));
        },
      });
      await afterStart?.(server);
      return server;
    };
    return this.#supervise(title, log, async () => {
      const isRetryable = isFirst;
      isFirst = false;
      try {
        return await startOn(port);
      } catch (error) {
        if (!isRetryable || !choosePort || (await isFree(port))) throw withLastLines(error, log);
        port = await choosePort();
        return startOn(port);
      }
    });
  }

  #supervise(name, log, start) {
    return new Supervised({ name, start, lastLines: () => log.lastLines(), note, giveUp: this.#giveUp });
  }

  #log(name) {
    return new LogFile(path.join(this.#varDir, 'log', `${name}.log`));
  }
}

function withLastLines(error, log) {
  return new Error(`${error.message}. Its last lines:\n${log.lastLines().join('\n')}`, { cause: error });
}

async function untilReady(url) {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  let answer = 'no answer';
  while (Date.now() < deadline) {
    try {
      const response = await fetch(new URL('/health/ready', reachable(url)), {
        signal: AbortSignal.timeout(2_000),
      });
      if (response.ok) return;
      answer = `${response.status} ${await response.text()}`;
    } catch (error) {
      answer = error.cause?.code ?? error.message;
    }
    await sleep(50);
  }
  throw new Error(`The API listens on ${url}, but /health/ready says: ${answer}`);
}

/** An address to listen on everywhere is none to connect to everywhere. */
export function reachable(url) {
  return url.replace('//0.0.0.0', '//127.0.0.1').replace('//[::]', '//[::1]');
}
