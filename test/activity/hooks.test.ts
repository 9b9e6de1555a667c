import { createHmac } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, TestApp } from '../http/app.js';

const shared = path.resolve(import.meta.dirname, '../../../shared/data/zoom/webhooks');
const SECRET = 'a-secret-token-of-zoom';

let app: TestApp;

beforeAll(async () => {
  app = await TestApp.start({ settings: { activity: { zoomSecretToken: SECRET } } });
});

afterAll(() => app.stop());

function send(hook: object | string, headers: Record<string, string> = {}): Promise<Answer> {
  const raw = typeof hook === 'string' ? hook : JSON.stringify(hook);
  const timestamp = headers['x-zm-request-timestamp'] ?? String(Math.floor(Date.now() / 1000));
  const mac = createHmac('sha256', SECRET).update(`v0:${timestamp}:${raw}`).digest('hex');
  return app.call('POST', '/v1/hooks/zoom', {
    raw,
    headers: { 'x-zm-signature': `v0=${mac}`, 'x-zm-request-timestamp': timestamp, ...headers },
  });
}

async function stored(): Promise<number> {
  const { rows } = await app.pool.query<{ n: number }>('select count(*)::int as n from platform_hooks');
  return rows[0]!.n;
}

function participant(kind: 'joined' | 'left', webinar: string, minute: string, more: object = {}): object {
  const time = `2030-01-01T09:${minute}:00Z`;
  return {
    event: `webinar.participant_${kind}`,
    event_ts: 1,
    payload: {
      object: {
        id: webinar,
        uuid: `uuid-${webinar}`,
        participant: {
          participant_uuid: 'one',
          [kind === 'joined' ? 'join_time' : 'leave_time']: time,
          ...more,
        },
      },
    },
  };
}

describe('A hook of Zoom', () => {
  it('answers the validation of its address as Zoom asks', async () => {
    const answer = await send({
      event: 'endpoint.url_validation',
      event_ts: 1626230691572,
      payload: { plainToken: 'qgg8vlvZRS6UYooatFL8Aw' },
    });
    const encryptedToken = createHmac('sha256', SECRET).update('qgg8vlvZRS6UYooatFL8Aw').digest('hex');
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ plainToken: 'qgg8vlvZRS6UYooatFL8Aw', encryptedToken });
  });

  it('is refused, and nothing kept, where the signature is not Zoom’s, or old', async () => {
    const before = await stored();
    const hook = participant('joined', '1', '00');
    const old = { 'x-zm-request-timestamp': String(Math.floor(Date.now() / 1000) - 3_600) };
    for (const answer of [
      await send(hook, { 'x-zm-signature': 'v0=00' }),
      await send(hook, old),
      await app.call('POST', '/v1/hooks/zoom', { body: hook }),
    ]) {
      expect([answer.status, answer.body.type]).toEqual([401, '/problems/unauthenticated']);
    }
    expect((await app.call('POST', '/v1/hooks/nobody', { body: hook })).status).toBe(404);
    expect(await stored()).toBe(before);
    expect((await send(hook)).status, 'a right one is kept').toBe(204);
    expect(await stored()).toBe(before + 1);
  });

  it('becomes attendance at the session that its webinar is, once, however often Zoom sends it', async () => {
    const event = await app.openEvent();
    const { id } = (await app.register(event, { attendee: { email: 'jill@example.com' } })).body;
    await app.operator('PUT', `/v1/events/${event}/places/zoom/900`, {});
    const hooks = [
      participant('left', '900', '40', { registrant_id: 'r-1' }),
      participant('joined', '900', '10', { registrant_id: 'r-1', email: 'Jill@Example.com' }),
    ];
    for (const hook of [...hooks, ...hooks]) expect((await send(hook)).status).toBe(204);
    // The hook of leaving came first and named only Zoom's own id of her: joining told whose that is.
    const { rows } = await app.pool.query('select seconds, mode from attendance where registration_id = $1', [
      id,
    ]);
    expect(rows).toEqual([{ seconds: 1800, mode: 'live' }]);
  });

  it('waits for its place to be told', async () => {
    const event = await app.openEvent();
    const { id } = (await app.register(event, { attendee: { email: 'early@example.com' } })).body;
    await send(participant('joined', '901', '00', { email: 'early@example.com' }));
    await send(participant('left', '901', '30', { email: 'early@example.com' }));
    await app.operator('PUT', `/v1/events/${event}/places/zoom/901`, {});
    const { rows } = await app.pool.query('select seconds from attendance where registration_id = $1', [id]);
    expect(rows).toEqual([{ seconds: 1800 }]);
    const listed = await app.operator('GET', `/v1/events/${event}/places`);
    expect(listed.body.items).toMatchObject([{ platform: 'zoom', place: '901', session: null }]);
    const other = await app.openEvent();
    await expect(app.operator('PUT', `/v1/events/${other}/places/zoom/901`, {})).rejects.toThrow(/409/);
    await app.operator('DELETE', `/v1/events/${event}/places/zoom/901`);
    await app.operator('PUT', `/v1/events/${other}/places/zoom/901`, {});
  });

  it('of a kind that nobody knows, or that is no JSON, is kept and counted', async () => {
    expect((await send({ event: 'webinar.unheard_of', payload: {} })).status).toBe(204);
    expect((await send('{"broken')).status).toBe(204);
    const { body } = await app.operator('GET', '/v1/hooks');
    expect(body.items).toContainEqual(
      expect.objectContaining({ platform: 'zoom', kind: 'webinar.unheard_of', state: 'kept', count: 1 }),
    );
    expect(body.items).toContainEqual(
      expect.objectContaining({ kind: 'unreadable', state: 'kept', count: 1 }),
    );
    const { rows } = await app.pool.query(`select body from platform_hooks where kind = 'unreadable'`);
    expect(rows).toEqual([{ body: '{"broken' }]);
  });

  describe.skipIf(!existsSync(shared))(
    'as Zoom publishes it (skipped where ../shared/data is absent)',
    () => {
      it('is taken in, whichever kind it is', async () => {
        const event = await app.openEvent();
        const files = readdirSync(shared).filter((name) => name.endsWith('.json'));
        expect(files.length).toBeGreaterThan(25);
        await app.operator('PUT', `/v1/events/${event}/places/zoom/1234567890`, {});
        const { id } = (await app.register(event, { attendee: { email: 'jchill@example.com' } })).body;
        for (const name of files) {
          const answer = await send(readFileSync(path.join(shared, name), 'utf8'));
          expect(answer.status, name).toBe(name === 'endpoint.url_validation.json' ? 200 : 204);
        }
        const { rows } = await app.pool.query('select seconds from attendance where registration_id = $1', [
          id,
        ]);
        expect(rows).toEqual([{ seconds: 66 * 60 }]);
        const signals = await app.pool.query<{ type: string }>(
          'select distinct type from signals s join events e on e.id = s.event_id where e.slug = $1 order by 1',
          [event],
        );
        expect(signals.rows.map(({ type }) => type)).toEqual([
          'chatted',
          'downloaded',
          'joined',
          'left',
          'shared',
        ]);
        const open = await app.pool.query(`select from platform_hooks where state = 'stored'`);
        expect(open.rows).toEqual([]);
      });
    },
  );
});
