import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { isAlive, waitForEnd } from '../../scripts/launcher/processes.mjs';

interface Run {
  api: string;
  docs: string;
  event: string;
  operatorKey: string;
  twins: Record<string, string>;
  identity: string;
  redis: string;
  pids: Record<string, number>;
  startedAt: string;
}

/** Other tests may have the machine's two cores for themselves meanwhile. */
const TEST_TIMEOUT_MS = 180_000;
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;
let varDir: string;
let runFile: string;
const launchers: Launcher[] = [];

beforeAll(() => {
  varDir = path.join(mkdtempSync(path.join(tmpdir(), 'foyer-start-')), 'var');
  runFile = path.join(varDir, 'run.json');
});

// What a failed test left running ends here, so that the next one starts from a quiet place.
afterEach(async () => {
  for (const launcher of launchers.splice(0)) if (launcher.isRunning) await launcher.end();
});

afterAll(() => {
  rmSync(path.dirname(varDir), { recursive: true, force: true });
});

describe('npm start', { timeout: TEST_TIMEOUT_MS }, () => {
  it('says where everything is once everything is ready, to its owner only', async () => {
    const launcher = launch();
    const run = await launcher.ready();
    expect(statSync(runFile).mode & 0o777).toBe(0o600);
    expect(run).toMatchObject({
      docs: `${run.api}/docs`,
      operatorKey: expect.stringMatching(/^fk_/) as string,
    });
    for (const url of [`${run.api}/health/ready`, run.event, run.docs])
      expect((await fetch(url)).status, url).toBe(200);
    expect(Object.keys(run.twins)).toEqual(['hubspot', 'salesforce']);
    for (const twin of Object.values(run.twins)) expect((await fetch(`${twin}/_twin`)).status).toBe(200);
    expect(Object.keys(run.pids)).toEqual(expect.arrayContaining(['launcher', 'postgres', 'api', 'worker']));

    const metadata = await fetch(`${run.identity}/.well-known/openid-configuration`);
    expect(((await metadata.json()) as { issuer: string }).issuer).toBe(run.identity);
    const login = await fetch(`${run.api}/sso/sandbox/login`, { redirect: 'manual' });
    expect(login.headers.get('location')).toContain(`${run.identity}/auth?`);

    const second = launch();
    expect(await second.exitCode).toBe(1);
    expect(second.said).toContain(`already runs here (process ${run.pids.launcher!})`);

    const api = run.pids.api!;
    for (const pid of [api, run.pids.identity!]) process.kill(pid, 'SIGKILL');
    await launcher.says('The identity provider runs again');
    expect((await fetch(`${run.identity}/jwks`)).status).toBe(200);
    await launcher.says('The API runs again');
    expect(readRun().pids.api).not.toBe(api);
    expect((await fetch(run.event)).status).toBe(200);

    await launcher.end();
    expect(existsSync(runFile)).toBe(false);
    expect(Object.values(run.pids).filter(isAlive)).toEqual([]);
  });

  it('works again after a kill -9 of everything, with the same operator key', async () => {
    const first = launch();
    const before = await first.ready();
    for (const pid of Object.values(before.pids)) process.kill(pid, 'SIGKILL');
    await first.exitCode;
    expect(existsSync(runFile)).toBe(true);

    const after = await launch().ready();
    expect(after.operatorKey).toBe(before.operatorKey);
    expect((await fetch(after.event)).status).toBe(200);
  });

  it(
    'leaves nothing running when only the launcher is killed',
    { skip: process.platform !== 'linux' },
    async () => {
      const launcher = launch();
      const { pids } = await launcher.ready();
      process.kill(pids.launcher!, 'SIGKILL');
      for (const [name, pid] of Object.entries(pids))
        expect(await waitForEnd(pid, STOP_TIMEOUT_MS), name).toBe(true);
    },
  );

  it('takes another port where the wanted one is taken, and brings more twins where they are asked for', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const launcher = launch({ PORT: String(port), FOYER_TWINS: 'marketo, dataverse,mailchimp,s3' });
    const { api, event, twins, operatorKey } = await launcher.ready();
    expect(launcher.said).toContain(`Port ${port} is taken`);
    expect(new URL(api).port).not.toBe(String(port));
    expect(Object.keys(twins)).toEqual(['marketo', 'dataverse', 'mailchimp', 's3']);
    for (const [name, url] of Object.entries(twins))
      expect(await (await fetch(`${url}/_twin/summary`)).json()).toMatchObject({ twin: name });
    const headers = { Authorization: `Bearer ${operatorKey}` };
    const answer = await fetch(`${api}/v1/destinations`, { headers });
    const { items } = (await answer.json()) as { items: { destination: string; enabled: boolean }[] };
    const enabled = items.filter((each) => each.enabled).map((each) => each.destination);
    expect(enabled).toEqual(expect.arrayContaining(['mailchimp', 'marketo', 'dataverse', 'storage']));
    expect(enabled).not.toContain('hubspot');

    await register(event, 'ada@example.com');
    const fieldsAt = async (url: string, object: string) => {
      const page = await fetch(`${url}/_twin/records/${object}`);
      return ((await page.json()) as { items: { fields: object }[] }).items.map(({ fields }) => fields);
    };
    const ada = expect.arrayContaining([expect.objectContaining({ FNAME: 'Ada' })]) as unknown;
    await vi.waitFor(async () => expect(await fieldsAt(twins.mailchimp!, 'members')).toEqual(ada), 20_000);
    const contact = expect.arrayContaining([
      expect.objectContaining({ emailaddress1: 'ada@example.com' }),
    ]) as unknown;
    await vi.waitFor(
      async () => expect(await fieldsAt(twins.dataverse!, 'contacts')).toEqual(contact),
      20_000,
    );
    other.close();
  });

  it('starts a worker alone on a database and a Redis that are given, and leaves those running', async () => {
    const one = await launch({ FOYER_TWINS: 'hubspot' }).ready();
    const { DATABASE_URL, REDIS_URL } = JSON.parse(
      readFileSync(path.join(varDir, 'environment.json'), 'utf8'),
    ) as Record<string, string>;
    const other = path.join(path.dirname(varDir), 'worker');
    const worker = launch({
      FOYER_VAR_DIR: other,
      FOYER_ROLE: 'worker',
      FOYER_TWINS: 'hubspot',
      DATABASE_URL: DATABASE_URL!,
      REDIS_URL: REDIS_URL!,
    });
    await worker.says('Ctrl-C ends everything');
    const run = JSON.parse(readFileSync(path.join(other, 'run.json'), 'utf8')) as Run;
    expect(run).toMatchObject({ api: null, event: null, redis: 'given' });
    expect(Object.keys(run.pids)).toContain('worker');
    for (const name of ['postgres', 'redis', 'api']) expect(run.pids).not.toHaveProperty(name);
    await worker.end();
    expect((await fetch(`${one.api}/health/ready`)).status).toBe(200);
  });

  it('names the setting that is wrong and starts nothing', async () => {
    const launcher = launch({ FOYER_ROLE: 'waiter' });
    expect(await launcher.exitCode).toBe(1);
    expect(launcher.said).toContain('FOYER_ROLE is "waiter"; it is one of api, worker, all.');
  });
});

async function register(event: string, email: string): Promise<void> {
  const body = {
    attendee: { email, firstName: 'Ada', lastName: 'Lovelace', company: 'Analytical Engines' },
    answers: {},
    consents: ['terms', 'marketing'].map((purpose) => ({ purpose, granted: true })),
  };
  const answer = await fetch(`${event}/registrations`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(201);
}

function launch(env: Record<string, string> = {}): Launcher {
  const launcher = new Launcher(env);
  launchers.push(launcher);
  return launcher;
}

function readRun(): Run {
  return JSON.parse(readFileSync(runFile, 'utf8')) as Run;
}

/** `npm start` on a folder of the test's own. */
class Launcher {
  said = '';
  readonly exitCode: Promise<number>;
  private readonly child: ChildProcess;

  constructor(env: Record<string, string>) {
    this.child = spawn(process.execPath, ['scripts/start.mjs'], {
      env: { ...process.env, PORT: '0', FOYER_VAR_DIR: varDir, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.on('data', (chunk: Buffer) => (this.said += chunk.toString()));
    }
    this.exitCode = once(this.child, 'close').then(([code]) => code as number);
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  async ready(): Promise<Run> {
    await this.says('Ctrl-C ends everything');
    return readRun();
  }

  async says(sentence: string): Promise<void> {
    const signal = AbortSignal.timeout(START_TIMEOUT_MS);
    while (!this.said.includes(sentence)) {
      const news = Promise.race([once(this.child.stdout!, 'data', { signal }), this.exitCode]);
      await news.catch(() => undefined);
      if (signal.aborted || (!this.isRunning && !this.said.includes(sentence))) {
        throw new Error(`The launcher did not say "${sentence}":\n${this.said}`);
      }
    }
  }

  async end(): Promise<void> {
    this.child.kill('SIGTERM');
    expect(await waitForEnd(this.child.pid!, STOP_TIMEOUT_MS)).toBe(true);
    await this.exitCode;
  }
}
