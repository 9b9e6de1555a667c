import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { build, isBuilt } from './build.mjs';
import { ChildList } from './child-list.mjs';
import { isLoopback, programEnvironment, readEnvironment } from './environment.mjs';
import { FolderLock } from './folder-lock.mjs';
import { install, isInstalled } from './install.mjs';
import { PortBook } from './port-book.mjs';
import { writePrivate } from './private-file.mjs';
import { note, step, warn } from './progress.mjs';
import { inRoot } from './root.mjs';
import { runCommand } from './run-command.mjs';
import { hasSandboxPeople } from './sandbox-people.mjs';
import { twinPlan } from './sandbox-twins.mjs';
import { loadSecrets } from './secrets.mjs';
import { reachable, Services } from './services.mjs';
import { watch } from './watch.mjs';

/** Past this, what still runs is ended without asking. */
const STOP_TIMEOUT_MS = 8_500;

/** One run of everything, from an empty folder to the address where people register, and back. */
export class Run {
  #given = readEnvironment();
  #varDir = this.#given.varDir;
  #children = new ChildList(path.join(this.#varDir, 'children.json'), () => this.#publish());
  #runFile = path.join(this.#varDir, 'run.json');
  /** The program's settings, so that `npx foyer …` speaks to what runs here. */
  #environmentFile = path.join(this.#varDir, 'environment.json');
  /** What var/run.json says, once all is ready. */
  #addresses;
  #env = {};
  #lock;
  #stopWatching;
  /** Stages in the order of their start; they are ended in the opposite order. */
  #stages = [];
  #stopping;
  #ending = new AbortController();

  /** @param {(error: Error) => void} giveUp told when a server cannot be kept running */
  constructor(giveUp) {
    this.giveUp = giveUp;
  }

  /** @returns {Promise<object>} the content of var/run.json */
  async start() {
    this.#takeFolder();
    await this.#endStale();
    if (!isInstalled()) await step(() => install({ signal: this.#ending.signal }), 'Packages installed');
    if (!isBuilt()) await step(() => build({ unlessCurrent: true }), 'Built');

    const secrets = loadSecrets(path.join(this.#varDir, 'secrets.json'));
    const ports = new PortBook(path.join(this.#varDir, 'ports.json'), warn);
    const services = new Services({
      varDir: this.#varDir,
      children: this.#children,
      ports,
      giveUp: this.giveUp,
    });
    const [databaseUrl, redis] = await together([
      this.#given.databaseUrl ?? this.#startPostgres(services, secrets),
      this.#startRedis(services, secrets),
    ]);
    const values = await this.#programValues(ports, secrets, { databaseUrl, redisUrl: redis.url });
    const [twins] = await together([
      this.#startTwins(services, secrets),
      this.#startIdentity(services, secrets, values),
      step(() => this.#once('migrate', programEnvironment(values)), 'Database schema up to date'),
    ]);
    this.#env = { ...localDefaults(values.host), ...programEnvironment(values), ...twins.settings };
    const [{ event, operatorKey }, api] = await together([
      step(() => this.#seed(), 'Demonstration event in place'),
      this.#startProgram(services, this.#env),
    ]);
    const addresses = {
      api,
      docs: api && `${api}/docs`,
      event: api && `${api}/v1/events/${event}`,
      operatorKey,
      twins: twins.urls,
      identity: values.identityUrl,
    };
    this.#addresses = { ...addresses, redis: redis.kind, pids: {}, startedAt: new Date().toISOString() };
    writePrivate(this.#environmentFile, this.#env);
    this.#publish();
    return this.#addresses;
  }

  /** Ends everything in order: program, twins, Redis, PostgreSQL. Asked again, it ends at once. */
  stop() {
    if (this.#stopping) this.#children.killAll();
    this.#ending.abort();
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  /** Builds and starts the program anew whenever its sources, settings or mappings change. */
  watch() {
    this.#stopWatching = watch(async (folders) => {
      try {
        if (['src', 'web', 'sandbox'].some((folder) => folders.has(folder)))
          await step(() => build({ unlessCurrent: true }), 'Built');
        const { program, twins } = this.#byStage();
        if (folders.has('sandbox')) await Promise.all(twins.map((twin) => twin.restart()));
        if (folders.size > 1 || !folders.has('sandbox'))
          await Promise.all(program.map((one) => one.restart()));
      } catch (error) {
        warn(`${error.message}\nWhat ran before runs on.`);
      }
    });
  }

  #takeFolder() {
    const lock = takeLock(this.#varDir);
    if (!(lock instanceof FolderLock)) {
      throw new Error(
        `Foyer already runs here (process ${lock.holder}); its addresses are in ${this.#runFile}. ` +
          `End it by Ctrl-C or: kill ${lock.holder}`,
      );
    }
    this.#lock = lock;
  }

  async #endStale() {
    this.#unpublish();
    const ended = await this.#children.endStale();
    if (ended.length > 0) note(`Left over from an earlier run and ended: ${ended.join(', ')}.`);
  }

  async #startPostgres(services, secrets) {
    const server = await step(
      () => this.#begin('postgres', services.postgres(secrets.postgresPassword)),
      ({ version, port }) => `PostgreSQL ${version} ready on 127.0.0.1:${port}`,
    );
    return server.url;
  }

  #startRedis(services, secrets) {
    const sentence = ({ kind, port }) =>
      kind === 'given'
        ? 'Redis as given'
        : `Redis ready on 127.0.0.1:${port}${kind === 'redis-server' ? '' : ` (${kind})`}`;
    return step(
      () => this.#begin('redis', services.redis(this.#given.redisUrl, secrets.redisPassword)),
      sentence,
    );
  }

  /** What was given wins over what is kept in var. */
  async #programValues(ports, { secret, operatorKey }, found) {
    const { wantedPort, host } = this.#given;
    const port = await ports.choose('Foyer', 3000, { wanted: wantedPort, host });
    return { secret, operatorKey, ...dropUnset(this.#given), ...found, port: String(port), role: 'all' };
  }

  /** @returns {Promise<{ event: string, operatorKey: string }>} what the seed came to */
  async #seed() {
    const printed = await this.#once('seed', this.#env);
    return JSON.parse(printed.trim().split('\n').at(-1));
  }

  /** One of the program's commands, run to its end. @returns {Promise<string>} what it printed */
  #once(command, env) {
    const options = { env: { ...process.env, ...env }, signal: this.#ending.signal };
    return runCommand(process.execPath, [inRoot('scripts/program.mjs'), command], options);
  }

  /** @returns {Promise<{ urls: Record<string, string>, settings: Record<string, string> }>} where the twins are, and what the program is told */
  async #startTwins(services, secrets) {
    const { starts, known } = twinPlan(this.#given.twins, process.env, secrets);
    const start = async ({ name, title, port, env, settings }) => {
      const { value } = await this.#begin('twins', services.twin(name, title, port, env));
      return { name, url: value, settings: settings(value) };
    };
    const sentence = `Sandbox ${starts.length === 1 ? 'twin' : 'twins'} ready`;
    const started = starts.length === 0 ? [] : await step(() => together(starts.map(start)), sentence);
    return {
      urls: Object.fromEntries(started.map(({ name, url }) => [name, url])),
      settings: Object.assign({}, known, ...started.map(({ settings }) => settings)),
    };
  }

  /** Sets in `values` what config/identity.yaml waits for. */
  async #startIdentity(services, secrets, values) {
    if (!hasSandboxPeople(this.#given)) return;
    const { identityClientSecret } = { ...secrets, ...dropUnset(this.#given) };
    const env = { SANDBOX_IDENTITY_CLIENT_SECRET: identityClientSecret };
    const start = async () => this.#begin('twins', services.identity(env));
    const { value } = await step(start, ({ value }) => `Sandbox people log in at ${value}`);
    Object.assign(values, { identityEnabled: 'true', identityUrl: value, identityClientSecret });
  }

  /** @returns {Promise<string | null>} the address of the API, where one was started */
  async #startProgram(services, env) {
    const roles = this.#given.role ? [this.#given.role] : ['api', 'worker'];
    const started = await step(
      () => together(roles.map((role) => this.#begin('program', services.program(role, env)))),
      `Foyer ready (${roles.join(' and ')})`,
    );
    const url = started.map((server) => server.value).find(Boolean);
    return url ? reachable(url).replace(/\/$/, '') : null;
  }

  /** Again whenever a process took another's place, so that the pids stay true. */
  #publish() {
    if (!this.#addresses || this.#stopping) return;
    const pids = { launcher: process.pid, ...this.#children.pids() };
    writePrivate(this.#runFile, { ...this.#addresses, pids });
  }

  #unpublish() {
    for (const file of [this.#runFile, this.#environmentFile]) rmSync(file, { force: true });
  }

  async #begin(stage, making) {
    const server = await making;
    if (this.#stopping) throw new Error('Foyer was ended while it started.');
    this.#stages.push({ stage, server });
    return server.start();
  }

  async #stopAll() {
    this.#stopWatching?.();
    const late = setTimeout(() => this.#children.killAll(), STOP_TIMEOUT_MS);
    const { program, twins, redis, postgres } = this.#byStage();
    for (const stage of [program, twins, redis, postgres])
      await Promise.all(stage.map((server) => server.stop()));
    clearTimeout(late);
    if (!this.#lock) return;
    this.#unpublish();
    this.#children.clear();
    this.#lock.release();
  }

  #byStage() {
    const of = (name) => this.#stages.filter(({ stage }) => stage === name).map(({ server }) => server);
    return { program: of('program'), twins: of('twins'), redis: of('redis'), postgres: of('postgres') };
  }
}

function takeLock(varDir) {
  try {
    // Others may pass through (the account that PostgreSQL may need to run under), but not look around.
    mkdirSync(varDir, { recursive: true, mode: 0o711 });
    chmodSync(varDir, 0o711);
    for (const folder of ['log', 'twins'])
      mkdirSync(path.join(varDir, folder), { recursive: true, mode: 0o700 });
    return FolderLock.take(path.join(varDir, 'launcher.lock'));
  } catch (error) {
    if (error.code !== 'EACCES' && error.code !== 'EPERM') throw error;
    const message = `${varDir} belongs to another user. Give FOYER_VAR_DIR another folder, or hand this one over (chown -R).`;
    throw new Error(message, { cause: error });
  }
}

/** Where nobody but this machine reaches the program, it may also deliver webhooks to this machine. */
function localDefaults(host) {
  if (!isLoopback(host)) return {};
  return { FOYER_WEBHOOKS_ALLOW_PRIVATE_HOSTS: process.env.FOYER_WEBHOOKS_ALLOW_PRIVATE_HOSTS ?? 'true' };
}

/** Like Promise.all, but nothing still runs when the first fault is told: what has begun can then be ended. */
async function together(promises) {
  const results = await Promise.allSettled(promises);
  const failed = results.find(({ status }) => status === 'rejected');
  if (failed) throw failed.reason;
  return results.map(({ value }) => value);
}

function dropUnset(values) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
