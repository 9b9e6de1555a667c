import type { INestApplicationContext } from '@nestjs/common';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Endpoint, laneName } from '../../src/webhooks/endpoint.js';
import { Endpoints } from '../../src/webhooks/endpoints.js';
import { publicKeyOf } from '../../src/webhooks/signature.js';
import { freshDatabase } from '../support/database.js';
import { destinationsFor } from '../support/destinations.js';
import { People } from '../support/people.js';
import { freshRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import { startWorker } from '../support/worker.js';
import { type Message, Receiver } from './receiver.js';
import { isSignedWithPrivateKey, isSignedWithSecret } from './standard-webhooks.js';

let pool: pg.Pool;
let people: People;
let worker: INestApplicationContext;
let endpoints: Endpoints;
let receiver: Receiver;
let endpoint: Endpoint;
let event: string;
let events = 0;

beforeAll(async () => {
  const databaseUrl = await freshDatabase();
  pool = new pg.Pool({ connectionString: databaseUrl });
  people = new People(pool);
  worker = await startWorker({
    databaseUrl,
    redisUrl: await freshRedis(),
    destinationsFile: destinationsFor({}),
    webhooks: { retryFirstMs: 20, retryMaxMs: 100, timeoutMs: 2_000 },
  });
  endpoints = worker.get(Endpoints, { strict: false });
});

afterAll(async () => {
  await worker.close();
  await pool.end();
});

beforeEach(async () => {
  receiver = await Receiver.start();
  event = await people.event(`event-${++events}`);
  endpoint = await create();
  return async () => {
    await endpoints.delete(endpoint.id);
    await receiver.stop();
  };
});

function create(more: Partial<Parameters<Endpoints['create']>[0]> = {}): Promise<Endpoint> {
  return endpoints.create({ url: receiver.url, topics: ['*'], eventId: null, payload: 'full', ...more });
}

async function person(email: string): Promise<string> {
  return (await people.register(event, [email]))[0]!;
}

/** Waits until so many messages of the registration were accepted. */
function accepted(registration: string, many: number): Promise<Message[]> {
  return waitFor(
    () => receiver.of(registration),
    (seen) => seen.length >= many,
  );
}

/** Waits until nobody holds a lane of the endpoint: what would go out has gone out. */
function givenBack(): Promise<unknown> {
  return waitFor(
    () => pool.query('select from lanes where mapping = $1 and owner is not null', [laneName(endpoint.id)]),
    ({ rowCount }) => rowCount === 0,
  );
}

const names = (messages: readonly Message[]): string[] =>
  messages.map(({ data }) => data.registration.attendee.firstName);
const sequences = (messages: readonly Message[]): number[] => messages.map(({ data }) => data.sequence);

describe('An endpoint', () => {
  it("gets a person's changes in their order and numbered without a gap", async () => {
    const id = await person('order@example.com');
    for (let i = 1; i <= 10; i++) await people.rename(id, `Ana ${i}`);
    await people.cancel(id);
    const messages = await accepted(id, 12);
    expect(sequences(messages)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(names(messages).slice(0, 11)).toEqual([
      'Ana',
      ...Array.from({ length: 10 }, (_, i) => `Ana ${i + 1}`),
    ]);
    expect(messages[0]!.type).toBe('registration.confirmed');
    expect(messages.at(-1)!.type).toBe('registration.cancelled');
  });

  it('gets messages signed so that its secret and our public key both verify them', async () => {
    const id = await person('signed@example.com');
    await accepted(id, 1);
    const [message] = receiver.received;
    expect(isSignedWithSecret(message!, endpoint.secret)).toBe(true);
    expect(isSignedWithPrivateKey(message!, publicKeyOf(endpoint.privateKey))).toBe(true);
    expect(message!.id).not.toContain('.');
  });

  it('that fails is tried again under the same id, and no later message of the person overtakes', async () => {
    let failures = 3;
    receiver.answer = ({ data }) => (data.sequence === 2 && failures-- > 0 ? 500 : 204);
    const id = await person('retry@example.com');
    await people.rename(id, 'Bea');
    await people.rename(id, 'Cleo');
    expect(names(await accepted(id, 3))).toEqual(['Ana', 'Bea', 'Cleo']);
    const tries = receiver.received.filter(({ body }) => (JSON.parse(body) as Message).data.sequence === 2);
    expect(tries.map(({ status }) => status)).toEqual([500, 500, 500, 204]);
    expect(new Set(tries.map((attempt) => attempt.id)).size).toBe(1);
    expect(new Set(tries.map((attempt) => attempt.body)).size).toBe(1);
    const order = receiver.received.map(({ body }) => (JSON.parse(body) as Message).data.sequence);
    expect(order).toEqual([1, 2, 2, 2, 2, 3]);
  });

  it("that fails for one person still gets everybody else's messages", async () => {
    let isFailing = true;
    const held = await person('held@example.com');
    await accepted(held, 1);
    receiver.answer = ({ data }) => (isFailing && data.registration.id === held ? 503 : 204);
    await people.rename(held, 'Bea');
    await people.rename(held, 'Cleo');
    const other = await person('other@example.com');
    await people.rename(other, 'Dora');
    expect(names(await accepted(other, 2))).toEqual(['Ana', 'Dora']);
    expect(names(receiver.of(held)), 'held back behind the one that fails').toEqual(['Ana']);
    isFailing = false;
    expect(names(await accepted(held, 3))).toEqual(['Ana', 'Bea', 'Cleo']);
  });

  it('that is paused loses nothing: what happened meanwhile comes when it is resumed', async () => {
    const id = await person('paused@example.com');
    await accepted(id, 1);
    await endpoints.setState(endpoint.id, 'paused');
    await people.rename(id, 'Bea');
    await people.rename(id, 'Cleo');
    const witness = await create();
    const other = await person('witness@example.com');
    await accepted(other, 1);
    expect(names(receiver.of(id)), 'others are served meanwhile').toEqual(['Ana']);
    await endpoints.setState(endpoint.id, 'active');
    const messages = await accepted(id, 3);
    expect(names(messages)).toEqual(['Ana', 'Bea', 'Cleo']);
    expect(sequences(messages)).toEqual([1, 2, 3]);
    await endpoints.delete(witness.id);
  });

  it('that is paused in the middle of a call, by another process, gets no other before it is resumed', async () => {
    const elsewhere = new Endpoints(pool);
    let isFirst = true;
    receiver.answer = async ({ data }) => {
      if (!isFirst) return 204;
      isFirst = false;
      await elsewhere.setState(endpoint.id, 'paused');
      await people.rename(data.registration.id, 'Bea');
      return 204;
    };
    const id = await person('busy@example.com');
    await accepted(id, 1);
    const witness = await create();
    await accepted(await person('bystander@example.com'), 1);
    await givenBack();
    expect(names(receiver.of(id))).toEqual(['Ana']);
    await endpoints.setState(endpoint.id, 'active');
    expect(names(await accepted(id, 2))).toEqual(['Ana', 'Bea']);
    await endpoints.delete(witness.id);
  });

  it('that says it is gone is disabled and asked no more', async () => {
    receiver.answer = () => 410;
    const id = await person('gone@example.com');
    await waitFor(
      () => endpoints.find(endpoint.id),
      (seen) => seen?.state === 'disabled',
    );
    await people.rename(id, 'Bea');
    const witness = await create();
    receiver.answer = (_, messageId) => (messageId.includes(witness.id.replaceAll('-', '')) ? 204 : 410);
    const other = await person('alive@example.com');
    await accepted(other, 1);
    expect(receiver.received.filter(({ status }) => status === 410)).toHaveLength(1);
    await endpoints.delete(witness.id);
  });

  it('gets only the topics and the event it asked for, numbered without the others', async () => {
    const elsewhere = await people.event('elsewhere');
    const narrow = await create({ topics: ['registration.cancelled'], eventId: event });
    const [away] = await people.register(elsewhere, ['away@example.com']);
    const here = await person('here@example.com');
    await people.rename(here, 'Bea');
    await people.cancel(away!);
    await people.cancel(here);
    const own = await waitFor(
      () => receiver.accepted().filter(({ id }) => id.includes(narrow.id.replaceAll('-', ''))),
      (seen) => seen.length > 0,
    );
    expect(
      own.map(({ message }) => [message.type, message.data.sequence, message.data.registration.id]),
    ).toEqual([['registration.cancelled', 1, here]]);
    await endpoints.delete(narrow.id);
  });
});
