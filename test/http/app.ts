import { randomUUID } from 'node:crypto';
import type { Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import pg from 'pg';
import { AppModule } from '../../src/app.module.js';
import { type Clock, systemClock } from '../../src/platform/clock.js';
import { loadSettings } from '../../src/platform/config/load-settings.js';
import { createApp } from '../../src/platform/http/create-app.js';
import { serveOpenApi } from '../../src/platform/http/openapi.js';
import { freshDatabase } from '../support/database.js';
import { freshRedis } from '../support/redis.js';

export const OPERATOR = 'fk_operator-of-the-tests';

/** What the tests look at in answers of any kind. */
export interface AnswerBody {
  readonly id: string;
  readonly type: string;
  readonly status: string | number;
  readonly state: string;
  readonly slug: string;
  readonly version: number;
  readonly position?: number;
  readonly manageToken: string;
  readonly attendee: Record<string, string | undefined>;
  readonly items: AnswerBody[];
  readonly next: string | null;
  readonly schema: { properties: Record<string, unknown> };
  readonly errors: { pointer: string; code: string; message: string }[];
  readonly [other: string]: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: AnswerBody;
  readonly text: string;
}

export interface CallOptions {
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly raw?: string | Buffer;
  readonly token?: string;
  readonly headers?: Record<string, string>;
}

/** One api process in this one, on a database of its own or on another's. */
export class TestApp {
  private constructor(
    private readonly app: NestFastifyApplication,
    readonly url: string,
    readonly databaseUrl: string,
    readonly pool: pg.Pool,
  ) {}

  static async start(
    given: {
      databaseUrl?: string;
      clock?: Clock;
      settings?: Record<string, Record<string, unknown>>;
      /** A module beside the program's own. */
      also?: Type;
    } = {},
  ): Promise<TestApp> {
    const databaseUrl = given.databaseUrl ?? (await freshDatabase());
    const settings = loadSettings(
      {},
      {
        ...given.settings,
        process: { role: 'api', logLevel: 'fatal', ...given.settings?.process },
        http: { port: 0, ...given.settings?.http },
        database: { url: databaseUrl },
        redis: { url: await freshRedis(), ...given.settings?.redis },
        identity: {
          secret: 'for-tests-only-for-tests-only-for-tests-only',
          operatorKey: OPERATOR,
          ...given.settings?.identity,
        },
      },
    );
    const program = AppModule.with(settings, given.clock ?? systemClock);
    if (given.also) program.imports!.push(given.also);
    const app = await createApp(program, settings);
    serveOpenApi(app);
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as { port: number };
    const pool = new pg.Pool({ connectionString: databaseUrl, max: 4 });
    return new TestApp(app, `http://127.0.0.1:${port}`, databaseUrl, pool);
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  get nest(): NestFastifyApplication {
    return this.app;
  }

  async stop(): Promise<void> {
    await this.pool.end();
    await this.app.close();
  }

  async call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const { body, raw, token, headers } = options;
    const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(payload === undefined ? {} : { body: payload as BodyInit }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') ?? false;
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: (isJson && text !== '' ? JSON.parse(text) : {}) as AnswerBody,
    };
  }

  /** An open event in half a year. @returns its slug */
  async openEvent(overrides: Record<string, unknown> = {}): Promise<string> {
    const slug = await this.draftEvent(overrides);
    await this.operator('PATCH', `/v1/events/${slug}`, { state: 'open' });
    return slug;
  }

  async draftEvent(overrides: Record<string, unknown> = {}): Promise<string> {
    const slug = `event-${randomUUID().slice(0, 8)}`;
    await this.operator('POST', '/v1/events', { ...eventBody(slug), ...overrides });
    return slug;
  }

  /** As the operator. @throws Error where it is refused */
  async operator(method: string, path: string, body?: unknown): Promise<Answer> {
    const answer = await this.call(method, path, {
      token: OPERATOR,
      ...(body === undefined ? {} : { body }),
    });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer;
  }

  register(event: string, overrides: Record<string, unknown> = {}, headers: Record<string, string> = {}) {
    return this.call('POST', `/v1/events/${event}/registrations`, {
      body: registrationBody(overrides),
      headers,
    });
  }
}

export function eventBody(slug: string): Record<string, unknown> {
  const start = Date.now() + 180 * 86_400_000;
  return {
    slug,
    name: 'A test event',
    startsAt: new Date(start).toISOString(),
    endsAt: new Date(start + 86_400_000).toISOString(),
    timeZone: 'Europe/Lisbon',
    capacity: 100,
    waitlist: { capacity: null },
  };
}

let people = 0;

/** Somebody new each time. `attendee` overrides single details. */
export function registrationBody({ attendee, ...rest }: Record<string, unknown> = {}): Record<
  string,
  unknown
> {
  const email = `person-${++people}-${randomUUID().slice(0, 8)}@example.org`;
  return {
    attendee: { email, firstName: 'Ada', lastName: 'Lovelace', ...(attendee as object | undefined) },
    answers: {},
    consents: [],
    ...rest,
  };
}
