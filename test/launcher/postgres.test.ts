import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { startPostgres } from '../../scripts/launcher/postgres.mjs';
import { isAlive, waitForEnd } from '../../scripts/launcher/processes.mjs';
import { onServer } from '../support/database.js';

let folder: string;
let dataDir: string;
const started: { stop(): Promise<void> }[] = [];

// One folder for all: making it is the long part, and each test starts its server anew.
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'foyer-postgres-'));
  dataDir = path.join(folder, 'postgres');
});

afterEach(async () => {
  for (const server of started.splice(0)) await server.stop();
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function start(options: { port?: number; password?: string; log?: (line: string) => void } = {}) {
  const server = await startPostgres({ dataDir, port: 0, password: 'a password', ...options });
  started.push(server);
  return server;
}

it('writes what it acknowledges: fsync, full pages and synchronous commit are on', async () => {
  const { url } = await start();
  for (const name of ['fsync', 'full_page_writes', 'synchronous_commit']) {
    const { rows } = await onServer<Record<string, string>>(url, `show ${name}`);
    expect(rows[0]![name]).toBe('on');
  }
});

it('is reached on loopback only, and with its password only', async () => {
  const { url } = await start();
  const { rows } = await onServer<{ listen_addresses: string }>(url, 'show listen_addresses');
  expect(rows[0]!.listen_addresses).toBe('127.0.0.1');
  const wrong = new URL(url);
  wrong.password = 'another';
  await expect(onServer(wrong.href, 'select 1')).rejects.toThrow(/password authentication failed/);
});

it('keeps its records from one start to the next', async () => {
  const first = await start();
  await onServer(first.url, 'create table kept as select 42 as answer');
  await first.stop();
  const { url } = await start();
  const { rows } = await onServer<{ answer: number }>(url, 'select answer from kept');
  expect(rows).toEqual([{ answer: 42 }]);
});

it('takes another port where the wanted one is taken', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port: taken } = other.address() as { port: number };
  const server = await start({ port: taken });
  expect(server.port).not.toBe(taken);
  await onServer(server.url, 'select 1');
  other.close();
});

it('opens its folder with a new password when the old one was lost', async () => {
  const first = await start({ password: 'the old one' });
  await first.stop();
  const { url } = await start({ password: "it's new" });
  await onServer(url, 'select 1');
});

it('ends the server that an earlier launcher left running, then starts', async () => {
  // The launcher of this test cannot be killed, so the server is left by a stopped heart instead: still alive, unasked.
  const left = await startPostgres({ dataDir, port: 0, password: 'a password' });
  const said: string[] = [];
  const server = await start({ log: (line) => said.push(line) });
  expect(said.join()).toContain(`process ${left.pid}`);
  expect(isAlive(left.pid)).toBe(false);
  await onServer(server.url, 'select 1');
});

it('leaves a process alone that only has the number of a dead server', async () => {
  const first = await start();
  await first.stop();
  const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  writeFileSync(path.join(dataDir, 'postmaster.pid'), `${stranger.pid}\n${dataDir}\n`);
  await start();
  expect(isAlive(stranger.pid!)).toBe(true);
  stranger.kill();
});

it('ends with its launcher, even by kill -9', { skip: process.platform !== 'linux' }, async () => {
  const script = path.join(folder, 'launcher.mjs');
  const postgres = path.resolve('scripts/launcher/postgres.mjs');
  writeFileSync(
    script,
    `import { startPostgres } from ${JSON.stringify(postgres)};
     const { pid } = await startPostgres({ dataDir: ${JSON.stringify(dataDir)}, port: 0 });
     console.log(pid);`,
  );
  const launcher = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(launcher.stdout, 'data')) as [Buffer];
  const pid = Number(line);
  expect(isAlive(pid)).toBe(true);
  launcher.kill('SIGKILL');
  expect(await waitForEnd(pid, 5_000)).toBe(true);
});

it('starts over where the first initialisation was interrupted', async () => {
  const first = await start();
  await first.stop();
  unlinkSync(path.join(dataDir, 'PG_VERSION'));
  const { url } = await start();
  await onServer(url, 'select 1');
});

it('says why it does not start', async () => {
  const first = await start();
  await first.stop();
  writeFileSync(path.join(dataDir, 'postgresql.conf'), 'no_such_setting = 1\n');
  await expect(start()).rejects.toThrow(/unrecognized configuration parameter "no_such_setting"/);
  expect(readFileSync(`${dataDir}.log`, 'utf8')).toContain('no_such_setting');
});
