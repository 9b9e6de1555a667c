import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registrationBody, TestApp } from '../http/app.js';
import { freshDatabase } from '../support/database.js';
import { type Cut, FaultyWire } from './faulty-wire.js';

let wire: FaultyWire;
let app: TestApp;

beforeAll(async () => {
  wire = await FaultyWire.to(await freshDatabase());
  app = await TestApp.start({ databaseUrl: wire.url });
});

afterAll(async () => {
  await app.stop();
  wire.stop();
});

const CASES: [string, Cut[]][] = [
  ['the statement does not arrive', ['before-statement']],
  ['the answer is lost after the commit', ['before-answer']],
  ['answers are lost twice in a row', ['before-answer', 'before-answer']],
  ['first the answer is lost, then the statement', ['before-answer', 'before-statement']],
];

describe('A registration whose connection to the database breaks', () => {
  it.each(CASES)('is answered as made and made once when %s', async (_, cuts) => {
    const event = await app.openEvent({ capacity: 1 });
    const hits = wire.hits;
    wire.cutNext(...cuts);
    const answer = await app.register(event);
    expect(wire.hits - hits).toBe(cuts.length);
    expect([answer.status, answer.body.status]).toEqual([201, 'confirmed']);
    const { items } = (await app.operator('GET', `/v1/events/${event}/registrations`)).body;
    expect(items).toMatchObject([{ id: answer.body.id }]);
    const { rows } = await app.pool.query('select from changes where registration_id = $1', [answer.body.id]);
    expect(rows).toHaveLength(1);
  });

  it.each(CASES)('and that has a key is not called a repetition when %s', async (_, cuts) => {
    const event = await app.openEvent();
    wire.cutNext(...cuts);
    const answer = await app.register(event, {}, { 'idempotency-key': 'k' });
    expect([answer.status, answer.headers.get('idempotent-replayed')]).toEqual([201, null]);
  });

  it('does not harm those who share its commit', async () => {
    const event = await app.openEvent({ capacity: 10 });
    wire.cutNext('before-answer', 'before-answer');
    const answers = await Promise.all(Array.from({ length: 25 }, () => app.register(event)));
    expect(answers.every(({ status }) => status === 201)).toBe(true);
    expect(answers.filter(({ body }) => body.status === 'confirmed')).toHaveLength(10);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(25);
  });
});

describe('While the database stays away', () => {
  it('nothing is acknowledged, and the caller is told when to come back', async () => {
    const event = await app.openEvent();
    const body = registrationBody();
    wire.cutNext(...Array.from({ length: 8 }, () => 'before-statement' as const));
    const path = `/v1/events/${event}/registrations`;
    const refused = await app.call('POST', path, { body });
    expect([refused.status, refused.body.type]).toEqual([503, '/problems/service-unavailable']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await app.call('POST', path, { body })).status).toBe(201);
  });
});
