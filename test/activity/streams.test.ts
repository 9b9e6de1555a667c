import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { streams } from '../../src/mapping/source-contract.js';
import { ExpressionLanguage } from '../../src/mapping/expression-language.js';
import { type Attributes, contractOf } from '../../src/mapping/stream-contracts.js';
import { ledgerOf } from '../../src/pipelines/ledger.js';
import { TestApp } from '../http/app.js';
import { takeIn } from './signal-rows.js';

let app: TestApp;

beforeAll(async () => {
  app = await TestApp.start();
});

afterAll(() => app.stop());

interface ChangeRow {
  readonly stream: string;
  readonly key: string;
  readonly version: number;
  readonly topic: string;
  readonly snapshot: Record<string, unknown>;
  readonly person: string | null;
}

async function changesOf(stream: string, event: string): Promise<ChangeRow[]> {
  const { rows } = await app.pool.query<ChangeRow>(
    `select c.stream, c.key, c.version, c.topic, c.snapshot, c.person_id as person
       from changes c join events e on e.id = c.event_id
      where c.stream = $1 and e.slug = $2 order by c.seq`,
    [stream, event],
  );
  return rows;
}

async function idOf(event: string): Promise<string> {
  return (await app.call('GET', `/v1/events/${event}`)).body.id;
}

/** An event with a session, and somebody registered for it who was there for half an hour. */
async function attended() {
  const event = await app.openEvent();
  await app.operator('PUT', `/v1/events/${event}/sessions/opening`, {
    title: 'Opening',
    startsAt: '2030-01-01T09:00:00Z',
    endsAt: '2030-01-01T10:00:00Z',
    kind: 'talk',
    speakers: [{ name: 'Ada' }],
  });
  const consents = [{ purpose: 'marketing', granted: true }];
  const { body } = await app.register(event, { attendee: { company: 'Engines' }, consents });
  const sessions = await app.pool.query<{ id: string }>(
    'select s.id from sessions s join events e on e.id = s.event_id where e.slug = $1',
    [event],
  );
  const base = { event: await idOf(event), registration: body.id, session: sessions.rows[0]!.id };
  const outcomes = await takeIn(app.pool, [
    { ...base, sourceId: '1', type: 'joined', at: '2030-01-01T09:10:00Z' },
    { ...base, sourceId: '2', type: 'left', at: '2030-01-01T09:40:30Z' },
    { ...base, sourceId: '3', type: 'asked', at: '2030-01-01T09:20:00Z', data: { question: 'Why?' } },
  ]);
  return { event, registration: body, outcomes };
}

describe('The streams', () => {
  it('all have a contract that the expression language takes', () => {
    for (const stream of streams) expect(ExpressionLanguage.of(contractOf(stream)!), stream).toBeDefined();
  });

  it('of events and sessions carry each change that an operator makes', async () => {
    const { event } = await attended();
    await app.operator('PATCH', `/v1/events/${event}`, { name: 'Renamed' });
    const events = await changesOf('event', event);
    expect(events.map(({ topic, version }) => [topic, version])).toEqual([
      ['event.created', 1],
      ['event.updated', 2],
      ['event.updated', 3],
    ]);
    expect(events.at(-1)!.snapshot).toMatchObject({ event: { name: 'Renamed', slug: event, state: 'open' } });
    const sessions = await changesOf('session', event);
    expect(sessions.map(({ topic }) => topic)).toEqual(['session.created']);
    expect(sessions[0]!.snapshot).toMatchObject({
      session: { code: 'opening', title: 'Opening', speakers: [{ name: 'Ada' }] },
      event: { slug: event },
    });
  });

  it('of attendance and interactions carry whose they are and what was consented to', async () => {
    const { event, registration, outcomes } = await attended();
    expect(outcomes).toEqual(['accepted', 'accepted', 'accepted']);
    const attendance = await changesOf('attendance', event);
    expect(attendance.map(({ snapshot }) => snapshot)).toMatchObject([
      { attendance: { status: 'attended', mode: 'live', minutes: 30, version: 1 }, event: { slug: event } },
      { attendance: { status: 'attended', mode: 'live', minutes: 30, version: 1 }, event: { slug: event } },
    ]);
    const ofSession = attendance.find(({ snapshot }) => snapshot.session)!;
    expect(ofSession.snapshot).toMatchObject({
      attendance: { firstSeenAt: '2030-01-01T09:10:00.000Z', lastSeenAt: '2030-01-01T09:40:30.000Z' },
      person: { email: registration.attendee.email, company: 'Engines' },
      registration: { id: registration.id, status: 'confirmed' },
      session: { code: 'opening' },
      consents: [{ purpose: 'marketing', granted: true }],
    });
    const [interaction] = await changesOf('interaction', event);
    expect(interaction).toMatchObject({ version: 1, topic: 'interaction.recorded' });
    expect(interaction!.snapshot).toMatchObject({
      interaction: { type: 'asked', platform: 'test', data: { question: 'Why?' } },
      person: { email: registration.attendee.email },
      registration: { id: registration.id },
      session: { code: 'opening' },
      consents: [{ purpose: 'marketing', granted: true }],
    });
  });

  it('of persons hold what is known of their attendance, each session once', async () => {
    const { registration } = await attended();
    const { rows } = await app.pool.query<{ snapshot: Record<string, unknown[]> }>(
      `select snapshot from changes where stream = 'person'
        and key = (select person_id from registrations where id = $1) order by seq desc limit 1`,
      [registration.id],
    );
    const [{ snapshot }] = rows as [{ snapshot: { attendance: object[]; registrations: object[] } }];
    expect(snapshot.attendance).toMatchObject([{ sessionCode: 'opening', minutes: 30, status: 'attended' }]);
    expect(snapshot.attendance).toHaveLength(1);
    expect(snapshot.registrations).toMatchObject([{ attendance: { minutes: 30, status: 'attended' } }]);
  });

  it('tell attendance anew when its person changes, so that a withdrawn consent reaches it', async () => {
    const { event, registration } = await attended();
    const before = (await changesOf('attendance', event)).length;
    const answer = await app.call('PATCH', `/v1/registrations/${registration.id}`, {
      token: registration.manageToken,
      headers: { 'if-match': '"1"' },
      body: { consents: [{ purpose: 'marketing', granted: false }] },
    });
    expect(answer.status).toBe(200);
    const later = (await changesOf('attendance', event)).slice(before);
    expect(later.map(({ topic, version }) => [topic, version])).toEqual([
      ['attendance.refreshed', 2],
      ['attendance.refreshed', 2],
    ]);
    for (const { snapshot } of later) {
      expect(snapshot.consents).toMatchObject([{ purpose: 'marketing', granted: false }]);
    }
  });

  it('hold in the log what their snapshot functions say now', async () => {
    const { event } = await attended();
    for (const stream of ['event', 'session', 'attendance', 'interaction', 'registration']) {
      const { rows } = await app.pool.query<{ is: object; was: object }>(
        `select s.snapshot as is, c.snapshot as was
           from (select distinct c.key from changes c join events e on e.id = c.event_id
                  where c.stream = $1 and e.slug = $2) k
          cross join lateral ${stream}_snapshots(array[k.key]) s
          cross join lateral (select snapshot from changes
            where key = k.key and stream = $1 order by version desc limit 1) c`,
        [stream, event],
      );
      expect(rows.length, stream).toBeGreaterThan(0);
      for (const { is, was } of rows) expect(was, stream).toEqual(is);
    }
  });

  it('carry no attribute that the contract does not name', async () => {
    const { event } = await attended();
    for (const stream of ['event', 'session', 'attendance', 'interaction', 'registration'] as const) {
      const contract = contractOf(stream)!;
      for (const { snapshot } of await changesOf(stream, event)) {
        expect(strangers(snapshot, contract.variables, contract.types), stream).toEqual([]);
      }
    }
  });

  it('are counted by the ledger, record by record', async () => {
    const { event } = await attended();
    for (const stream of ['event', 'session', 'attendance', 'interaction']) {
      await app.pool.query(
        `insert into lanes (mapping, lane, lanes, stream) values ($1, 0, 1, $2) on conflict do nothing`,
        [`test.${stream}`, stream],
      );
      const ledger = await ledgerOf(app.pool, `test.${stream}`);
      expect(ledger.records, stream).toBeGreaterThan(0);
      expect(ledger.states.pending, stream).toBe(ledger.records);
      expect(ledger.unaccounted, stream).toBe(0);
      expect(ledger.changes.waiting, stream).toBe(ledger.changes.total);
    }
    expect(await changesOf('session', event)).toHaveLength(1);
  });
});

/** Attributes of the snapshot that the type checker would not find. */
function strangers(
  value: Record<string, unknown>,
  attributes: Attributes,
  types: Readonly<Record<string, Attributes>>,
): string[] {
  return Object.entries(value).flatMap(([name, member]) => {
    const attribute = attributes[name];
    if (!attribute) return [name];
    const type = types[/^(?:list<)?(\w+)/.exec(attribute.type)![1]!];
    if (!type || member === null) return [];
    return [member]
      .flat()
      .flatMap((one) => strangers(one as Record<string, unknown>, type, types).map((s) => `${name}.${s}`));
  });
}
