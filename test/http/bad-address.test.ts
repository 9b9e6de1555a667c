/** What an address may hold, over all that the contract names: a value that nobody can read is the caller's fault. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import pg from 'pg';
import { DELIVERY_STATES } from '../../src/pipelines/delivery.js';
import { toProblem } from '../../src/platform/http/problem-filter.js';
import { OPERATOR, TestApp } from './app.js';
import { expectProblem } from './expect-problem.js';

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
}
interface Route {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
}

const TIME = '2027-03-01T09:00:00.000Z';
const ID = '0190b5a0-0000-7000-8000-000000000001';

let app: TestApp;
let routes: Route[];
/** What stands in a path where nothing is wrong with it. */
let there: Record<string, string>;

beforeAll(async () => {
  app = await TestApp.start();
  const { body } = await app.call('GET', '/openapi.json');
  const paths = body.paths as Record<string, Record<string, { parameters?: Parameter[] }>>;
  routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [] }]) => ({ method, path, parameters })),
  );
  const hook = await app.operator('POST', '/v1/webhooks', { url: 'https://1.1.1.1/hook', topics: ['*'] });
  const run = randomUUID();
  await app.pool.query(
    `insert into reconciliations (id, mapping, state, created_by) values ($1, 'hubspot.contact', 'done', 'test')`,
    [run],
  );
  there = {
    event: await app.openEvent(),
    id: hook.body.id,
    run,
    report: 'registrations-and-ledger',
    mapping: 'hubspot.contact',
    key: randomUUID(),
    platform: 'zoom',
    place: '1',
    stream: 'registration',
  };
});

afterAll(() => app.stop());

function address(path: string, bad: Record<string, string> = {}): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => bad[name] ?? there[name] ?? 'some');
}

const cursor = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('A cursor that was not given here', () => {
  it.each([
    ['of no JSON', 'nonsense'],
    ['of an object', cursor({ id: ID })],
    ['of nothing', cursor(null)],
    ['of hyphens for an id', cursor(['-'.repeat(36)])],
    ['of hyphens alone', cursor('-'.repeat(36))],
    // To deliveries the time is a name, to sessions the hyphens are.
    ['of a time that no calendar has', cursor(['2026-99-99T00:00:00Z', ID]), '/v1/deliveries'],
    ['of a time in the year 0', cursor(['0000-01-01T00:00:00.000Z', ID]), '/v1/deliveries'],
    ['of a time and hyphens', cursor([TIME, '-'.repeat(36)]), '/v1/events/{event}/sessions'],
    ['of the 30th of February', cursor(['2026-02-30T00:00:00.000Z', 'opening'])],
    ['of a time and NUL', cursor([TIME, '\0'])],
    ['of a time and half a character', cursor([TIME, '\ud800'])],
    ['of a name with NUL', cursor(['\0', ID])],
    ['of a name and hyphens', cursor(['hubspot.contact', '-'.repeat(36)])],
    ['of a number past all integers', cursor(2 ** 31)],
    ['of parts too many', cursor([TIME, ID, ID])],
    ['of NUL', '%00'],
  ])('%s is refused by every list', async (_, given, fits = '') => {
    const lists = routes.filter(({ parameters }) => parameters.some(({ name }) => name === 'cursor'));
    expect(lists.map(({ path }) => path).sort()).toEqual([
      '/v1/api-keys',
      '/v1/deliveries',
      '/v1/events',
      '/v1/events/{event}/registrations',
      '/v1/events/{event}/sessions',
      '/v1/mappings/{mapping}/calls',
      '/v1/me/registrations',
      '/v1/reconciliations',
      '/v1/reconciliations/{run}/discrepancies',
      '/v1/records/{stream}',
      '/v1/reports/{report}/runs',
      '/v1/webhooks',
      '/v1/webhooks/{id}/attempts',
    ]);
    for (const { path } of lists) {
      const answer = await app.call(
        'GET',
        `${address(path)}?cursor=${given}${path.includes('records') ? '&email=a@example.org' : ''}`,
        { token: OPERATOR },
      );
      // Only a login has registrations of its own; the key is refused before the cursor is read.
      if (path === '/v1/me/registrations') expectProblem(answer, 403, 'forbidden');
      else if (path === fits) expect(answer.status, path).toBe(200);
      else expectProblem(answer, 400, 'invalid-request');
    }
  });
});

describe('A NUL in an address', () => {
  it('is refused in every parameter of every query', async () => {
    let asked = 0;
    for (const { method, path, parameters } of routes) {
      if (method !== 'get') continue;
      for (const { name } of parameters.filter(({ in: where }) => where === 'query')) {
        const answer = await app.call('GET', `${address(path)}?${name}=a%00`, { token: OPERATOR });
        asked++;
        expect(answer.status, `${path}?${name} ${answer.text}`).toBeGreaterThanOrEqual(400);
        expect(answer.status, `${path}?${name} ${answer.text}`).toBeLessThan(500);
      }
    }
    expect(asked).toBeGreaterThan(20);
  });

  it.each(['mapping', 'state', 'reason', 'email', 'key'])(
    'is refused in ?%s= of deliveries',
    async (name) => {
      const answer = await app.call('GET', `/v1/deliveries?${name}=%00`, { token: OPERATOR });
      expectProblem(answer, 400, 'invalid-request');
      expect(answer.body.errors[0]!.pointer).toBe(`/${name}`);
    },
  );

  it('leads nowhere in every part of every path', async () => {
    let asked = 0;
    for (const { method, path, parameters } of routes) {
      for (const { name } of parameters.filter(({ in: where }) => where === 'path')) {
        const answer = await app.call(method.toUpperCase(), address(path, { [name]: '%00' }), {
          token: OPERATOR,
          ...(method === 'get' || method === 'delete' ? {} : { body: {} }),
        });
        asked++;
        expect(answer.status, `${method} ${path} ${name} ${answer.text}`).toBeGreaterThanOrEqual(400);
        expect(answer.status, `${method} ${path} ${name} ${answer.text}`).toBeLessThan(500);
      }
    }
    expect(asked).toBeGreaterThan(50);
  });

  it.each([
    ['POST', '/v1/mappings/%00/apply', { plan: ID }],
    ['POST', '/v1/mappings/%00/plan', {}],
    ['POST', `/v1/deliveries/%00/${ID}/resolve`, { outcome: 'written' }],
    ['GET', '/v1/mappings/%00/ledger', undefined],
  ])('%s %s is not found', async (method, path, body) => {
    expectProblem(await app.call(method, path, { token: OPERATOR, body }), 404, 'not-found');
  });

  it('nor in the places of an event', async () => {
    const path = `/v1/events/${there.event}/places/zoom/%00`;
    expectProblem(await app.call('DELETE', path, { token: OPERATOR }), 404, 'not-found');
  });
});

describe('A state that deliveries do not have', () => {
  it('is refused with those they have, and each of those is taken', async () => {
    const answer = await app.call('GET', '/v1/deliveries?state=bogus', { token: OPERATOR });
    expectProblem(answer, 400, 'invalid-request');
    expect(answer.body.errors).toMatchObject([{ pointer: '/state' }]);
    expect(answer.body.errors[0]!.message).toContain(DELIVERY_STATES.join(', '));
    for (const state of DELIVERY_STATES)
      expect((await app.operator('GET', `/v1/deliveries?state=${state}`)).body.items).toEqual([]);
  });
});

describe('What the database cannot read after all', () => {
  it.each([
    [`select $1::timestamptz`, '2026-99-99T00:00:00Z', '22008'],
    [`select $1::timestamptz`, 'noon', '22007'],
    [`select $1::uuid`, '-', '22P02'],
    [`select $1::text`, '\0', '22021'],
  ])('%s of %j is the fault of the request, and logged', async (query, value, code) => {
    const error: unknown = await app.pool.query(query, [value]).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code });
    const logged: unknown[] = [];
    const logger = { error: (told: unknown) => logged.push(told), warn: () => undefined };
    expect(toProblem(error, logger as never).code).toBe('invalid-request');
    expect(logged).toMatchObject([{ code }]);
  });

  it('hides no fault of ours: neither another of PostgreSQL nor a stranger with such a code', async () => {
    const logger = { error: () => undefined, warn: () => undefined } as never;
    const ours: unknown = await app.pool.query('select nothing').catch((reason: unknown) => reason);
    expect(ours).toBeInstanceOf(pg.DatabaseError);
    expect(toProblem(ours, logger).code).toBe('internal-error');
    expect(toProblem(Object.assign(new Error('x'), { code: '22P02' }), logger).code).toBe('internal-error');
  });
});
