import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiKeys } from '../../src/identity/api-keys.js';
import { OPERATOR, TestApp } from '../http/app.js';

let app: TestApp;
let keys: ApiKeys;
let now = new Date();

beforeAll(async () => {
  app = await TestApp.start({ clock: { now: () => now } });
  keys = app.nest.get(ApiKeys);
});

afterAll(() => app.stop());

const later = (ms: number): void => void (now = new Date(now.getTime() + ms));
const asks = async (token: string, method = 'GET', path = '/v1/mappings'): Promise<number> =>
  (await app.call(method, path, { token })).status;

describe('An API key', () => {
  it('reaches what its role may reach, and no more', async () => {
    const viewer = await keys.issue('a viewer', 'viewer');
    const engineer = await keys.issue('an engineer', 'engineer');
    const event = await app.openEvent();
    expect(await asks(viewer)).toBe(200);
    expect(await asks(viewer, 'GET', `/v1/events/${event}/registrations`)).toBe(403);
    expect(await asks(engineer, 'GET', `/v1/events/${event}/registrations`)).toBe(403);
    expect(await asks(OPERATOR, 'GET', `/v1/events/${event}/registrations`)).toBe(200);
  });

  it('cannot be read from the database', async () => {
    const key = await keys.issue('hidden', 'viewer');
    const { rows } = await app.pool.query('select * from api_keys');
    expect(JSON.stringify(rows)).not.toContain(key.slice(3));
    expect(key).toMatch(/^fk_[\w-]{43}$/);
  });

  it('ends at its time', async () => {
    const key = await keys.issue('for an hour', 'viewer', new Date(now.getTime() + 3_600_000));
    expect(await asks(key)).toBe(200);
    later(3_600_001);
    expect(await asks(key)).toBe(401);
  });

  it('is of no use a second after it was revoked', async () => {
    const key = await keys.issue('revoked', 'viewer');
    expect(await asks(key)).toBe(200);
    await keys.revoke(key);
    later(1_001);
    expect(await asks(key)).toBe(401);
  });

  it.each(['fk_unknown', 'fk_', 'nonsense', 'fk_ü', 'x'.repeat(600)])(
    'that is not one (%s) is refused',
    async (token) => {
      const answer = await app.call('GET', '/v1/mappings', {
        headers: { authorization: Buffer.from(`Bearer ${token}`).toString('latin1') },
      });
      expect([answer.status, answer.body.type]).toEqual([401, '/problems/unauthenticated']);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    },
  );

  it('that is wrong is refused where none would be needed', async () => {
    expect(await asks('fk_unknown', 'GET', '/v1/events')).toBe(401);
  });
});

describe('The addresses of API keys', () => {
  const made = async (body: object) => app.call('POST', '/v1/api-keys', { token: OPERATOR, body });

  it('make a key that is told once, listed without what it says, and revoked for good', async () => {
    const answer = await made({ name: 'badge printers', role: 'viewer' });
    const { id, key } = answer.body as unknown as { id: string; key: string };
    expect([answer.status, answer.headers.get('location')]).toEqual([201, `/v1/api-keys/${id}`]);
    expect(await asks(key)).toBe(200);
    const list = await app.call('GET', '/v1/api-keys?limit=200', { token: OPERATOR });
    expect(list.body.items.find((one) => one.id === id)).toMatchObject({
      name: 'badge printers',
      role: 'viewer',
    });
    expect(list.text).not.toContain(key.slice(3));
    for (const _again of [1, 2]) {
      const revoked = await app.call('DELETE', `/v1/api-keys/${id}`, { token: OPERATOR });
      expect([revoked.status, revoked.body.revokedAt]).toEqual([200, expect.any(String)]);
    }
    later(1_001);
    expect(await asks(key)).toBe(401);
    const { rows } = await app.pool.query('select act from access_audit where subject = $1 order by id', [
      id,
    ]);
    expect(rows).toEqual([{ act: 'api-key.created' }, { act: 'api-key.revoked' }]);
  });

  it('make keys that reach what their role may, until their time', async () => {
    const expiresAt = new Date(now.getTime() + 3_600_000).toISOString();
    const { key } = (await made({ name: 'for a while', role: 'engineer', expiresAt })).body as unknown as {
      key: string;
    };
    expect([await asks(key), await asks(key, 'GET', '/v1/api-keys')]).toEqual([200, 403]);
    expect(await asks(key, 'POST', '/v1/events')).toBe(403);
    later(3_600_001);
    expect(await asks(key)).toBe(401);
  });

  it('refuse a role that there is not, a time that is over, and whoever is no admin', async () => {
    expect((await made({ name: 'x', role: 'owner' })).status).toBe(400);
    expect((await made({ name: 'x', role: 'viewer', expiresAt: '2020-01-01T00:00:00Z' })).status).toBe(400);
    for (const role of ['viewer', 'engineer', 'operator'] as const) {
      const token = await keys.issue(`a curious ${role}`, role);
      expect(await asks(token, 'GET', '/v1/api-keys')).toBe(403);
      expect(await asks(token, 'POST', '/v1/api-keys')).toBe(403);
    }
    expect(await asks(OPERATOR, 'DELETE', '/v1/api-keys/00000000-0000-7000-8000-000000000000')).toBe(404);
  });
});

describe('A manage token', () => {
  it('opens its own registration and no other: the answer does not tell a wrong token from a wrong id', async () => {
    const event = await app.openEvent();
    const [mine, theirs] = [(await app.register(event)).body, (await app.register(event)).body];
    const read = (id: string, token: string) => app.call('GET', `/v1/registrations/${id}`, { token });
    expect((await read(mine.id, mine.manageToken)).status).toBe(200);
    const wrongToken = await read(theirs.id, mine.manageToken);
    const wrongId = await read('00000000-0000-7000-8000-000000000000', mine.manageToken);
    expect([wrongToken.status, wrongId.status]).toEqual([404, 404]);
    expect({ ...wrongToken.body, instance: '' }).toEqual({ ...wrongId.body, instance: '' });
    expect((await read('nonsense', mine.manageToken)).status).toBe(404);
    expect((await app.call('GET', `/v1/registrations/${mine.id}`)).status).toBe(401);
  });

  it('does not open what is for operators', async () => {
    const { manageToken } = (await app.register(await app.openEvent())).body;
    expect(await asks(manageToken)).toBe(403);
  });

  it('is valid until thirty days after the event', async () => {
    const ends = new Date(now.getTime() + 2 * 86_400_000);
    const event = await app.openEvent({ startsAt: now.toISOString(), endsAt: ends.toISOString() });
    const { id, manageToken } = (await app.register(event)).body;
    later(31 * 86_400_000);
    expect(await asks(manageToken, 'GET', `/v1/registrations/${id}`)).toBe(200);
    later(2 * 86_400_000);
    expect(await asks(manageToken, 'GET', `/v1/registrations/${id}`)).toBe(404);
    expect(await asks(OPERATOR, 'GET', `/v1/registrations/${id}`)).toBe(200);
  });

  it('is cut, changed or lengthened in vain', async () => {
    const { id, manageToken } = (await app.register(await app.openEvent())).body as Record<string, string>;
    for (const token of [manageToken!.slice(0, -2), `${manageToken!}AA`, `fm_${'A'.repeat(43)}`, 'fm_']) {
      expect(await asks(token, 'GET', `/v1/registrations/${id!}`)).toBe(404);
    }
  });
});
