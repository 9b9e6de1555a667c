import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from '../../src/app.module.js';
import { loadSettings } from '../../src/platform/config/load-settings.js';
import { createApp } from '../../src/platform/http/create-app.js';
import { freshDatabase } from '../support/database.js';
import { People } from '../support/people.js';
import { waitFor } from '../support/wait-for.js';

/** Far above what an answer takes, far below what a hung one would. */
const ANSWER_MS = 5_000;

/** Takes connections and commands, and never says a word. */
class SilentServer {
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<SilentServer> {
    const server = createServer();
    const silent = new SilentServer(server);
    server.on('connection', (socket) => silent.sockets.add(socket.on('error', () => undefined).resume()));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return silent;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}

let redis: SilentServer;
let app: NestFastifyApplication;
let pool: pg.Pool;
let url: string;
let event: string;

beforeAll(async () => {
  const databaseUrl = await freshDatabase();
  pool = new pg.Pool({ connectionString: databaseUrl });
  event = await new People(pool).event('acknowledged');
  redis = await SilentServer.start();
  const settings = loadSettings(
    {},
    {
      process: { role: 'api', logLevel: 'fatal' },
      http: { port: 0 },
      database: { url: databaseUrl },
      redis: { url: redis.url },
      identity: { secret: 'for-tests-only-for-tests-only-for-tests-only' },
    },
  );
  app = await createApp(AppModule.with(settings), settings);
  await app.listen(0, '127.0.0.1');
  url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
});

afterAll(async () => {
  // Its queue waits for a server that never answers; the HTTP side is what has to end.
  const http = app.getHttpServer();
  http.closeAllConnections();
  http.close();
  redis.stop();
  await pool.end();
});

function register(email: string): Promise<Response> {
  return fetch(`${url}/v1/events/acknowledged/registrations`, {
    method: 'POST',
    signal: AbortSignal.timeout(ANSWER_MS),
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      attendee: { email, firstName: 'Ana', lastName: 'Ruiz' },
      answers: {},
      consents: [],
    }),
  });
}

async function stored(email: string): Promise<number> {
  const { rowCount } = await pool.query('select 1 from persons where email = $1', [email]);
  return rowCount ?? 0;
}

describe('A registration', () => {
  it('is acknowledged only after its commit', async () => {
    await register('warm@example.com');
    const blocker = await pool.connect();
    await blocker.query('begin');
    await blocker.query('select 1 from events where id = $1 for update', [event]);
    let answered = 0;
    const answer = register('committed@example.com').then((response) => {
      answered = response.status;
    });
    await waitFor(
      () =>
        pool.query(
          `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
        ),
      ({ rowCount }) => rowCount === 1,
    );
    // The answer would have had the time it takes to be asked something else.
    expect((await fetch(`${url}/v1/events/acknowledged`)).status).toBe(200);
    expect(answered, 'while the transaction waits').toBe(0);
    expect(await stored('committed@example.com')).toBe(0);
    await blocker.query('commit');
    blocker.release();
    await answer;
    expect(answered).toBe(201);
    expect(await stored('committed@example.com')).toBe(1);
  });

  it('is acknowledged while Redis keeps silent: nobody waits for a bell', async () => {
    const answer = await register('silent@example.com');
    expect(answer.status).toBe(201);
    expect(await stored('silent@example.com')).toBe(1);
  });
});
