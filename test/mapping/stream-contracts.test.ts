import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Stream, streams } from '../../src/mapping/source-contract.js';
import {
  type Attribute,
  type Attributes,
  contractOf,
  type StreamContract,
} from '../../src/mapping/stream-contracts.js';
import { takeIn } from '../activity/signal-rows.js';
import { TestApp } from '../http/app.js';

let app: TestApp;
const snapshots = new Map<Stream, Record<string, unknown>[]>();

beforeAll(async () => {
  app = await TestApp.start();
  await fill();
  for (const stream of streams) {
    const { rows } = await app.pool.query<{ snapshot: Record<string, unknown> }>(
      `select s.snapshot from (select distinct key from changes where stream = $1) k
        cross join lateral ${stream}_snapshots(array[k.key]) s`,
      [stream],
    );
    snapshots.set(
      stream,
      rows.map(({ snapshot }) => snapshot),
    );
  }
});

afterAll(() => app.stop());

/** Everything that a record can say, said by one; and as little as one can say, by another. */
async function fill(): Promise<void> {
  const event = await app.openEvent({ capacity: 1 });
  const session = { startsAt: '2030-01-01T09:00:00Z', endsAt: '2030-01-01T10:00:00Z' };
  const full = { title: 'Opening', kind: 'talk', room: 'Hall', capacity: 10, speakers: [{ name: 'Ada' }] };
  await app.operator('PUT', `/v1/events/${event}/sessions/opening`, { ...session, ...full });
  await app.operator('PUT', `/v1/events/${event}/sessions/bare`, {
    ...session,
    title: 'Bare',
    kind: 'other',
    speakers: [],
  });
  await app.openEvent({ capacity: null });
  const attendee = {
    company: 'Engines',
    jobTitle: 'Countess',
    country: 'GB',
    phone: '+442071838750',
    locale: 'en-GB',
  };
  const { status, body } = await app.register(event, {
    attendee,
    sessions: ['opening'],
    source: { utm_source: 'mail' },
    consents: [{ purpose: 'marketing', granted: true }],
  });
  expect(status).toBe(201);
  // The second waits, and says nothing of themselves.
  await app.register(event);
  const { rows } = await app.pool.query<{ event: string; session: string }>(
    `select e.id as event, s.id as session from events e join sessions s on s.event_id = e.id
      where e.slug = $1 and s.code = 'opening'`,
    [event],
  );
  const base = { ...rows[0]!, registration: body.id };
  await takeIn(app.pool, [
    { ...base, sourceId: '1', type: 'joined', at: '2030-01-01T09:10:00Z' },
    { ...base, sourceId: '2', type: 'left', at: '2030-01-01T09:40:30Z' },
    { ...base, sourceId: '3', type: 'asked', at: '2030-01-01T09:20:00Z', data: { question: 'Why?' } },
    { ...base, sourceId: '4', type: 'watched', at: '2030-01-01T09:20:00Z', until: '2030-01-01T09:30:00Z' },
  ]);
  await erased(event, { ...rows[0]!, attendee });
  await app.pool.query('select close_event_attendance($1, now())', [rows[0]!.event]);
}

/** Who is erased has no details left in their registrations: those are decided before they are mapped. */
const OF_THE_LIVING = ['Attendee.email', 'Attendee.firstName', 'Attendee.lastName'];

/** Somebody who was there, and is forgotten. */
async function erased(
  slug: string,
  { event, session, attendee }: { event: string; session: string; attendee: object },
): Promise<void> {
  const { body } = await app.register(slug, {
    attendee,
    consents: [{ purpose: 'marketing', granted: true }],
  });
  const base = { event, session, registration: body.id };
  await takeIn(app.pool, [
    { ...base, sourceId: '5', type: 'joined', at: '2030-01-01T09:10:00Z' },
    { ...base, sourceId: '6', type: 'asked', at: '2030-01-01T09:20:00Z', data: { question: 'Who?' } },
  ]);
  const path = `/v1/registrations/${body.id}/person`;
  expect((await app.call('DELETE', path, { token: body.manageToken })).status).toBe(200);
}

/** Where a snapshot and its contract differ, and which attributes were met. */
class Comparison {
  readonly faults: string[] = [];
  readonly met = new Set<string>();
  /** What this record need not have. */
  gone: readonly string[] = [];

  constructor(private readonly types: StreamContract['types']) {}

  object(value: Record<string, unknown>, attributes: Attributes, type: string): void {
    for (const name of Object.keys(value)) {
      if (!(name in attributes))
        this.faults.push(`${type}.${name} is in the snapshot and not in the contract`);
    }
    for (const [name, attribute] of Object.entries(attributes)) {
      this.attribute(value[name], attribute, `${type}.${name}`);
    }
  }

  private attribute(value: unknown, attribute: Attribute, place: string): void {
    if (value === undefined || value === null) {
      if (!attribute.optional && !this.gone.includes(place))
        this.faults.push(`${place} is absent, and the contract says that it is always there`);
      return;
    }
    this.met.add(place);
    if (attribute.values && !attribute.values.includes(value as string))
      this.faults.push(`${place} is ${JSON.stringify(value)}`);
    this.value(value, attribute.type, place);
  }

  private value(value: unknown, type: string, place: string): void {
    const item = /^list<(.+)>$/.exec(type)?.[1];
    if (item !== undefined) {
      if (Array.isArray(value)) for (const one of value) this.value(one, item, place);
      else this.faults.push(`${place} is no list`);
      return;
    }
    const attributes = this.types[type];
    if (attributes) this.object(value as Record<string, unknown>, attributes, type);
    else if (!isOfType(value, type)) this.faults.push(`${place} is no ${type}`);
  }
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'dyn') return true;
  if (type === 'int') return Number.isInteger(value);
  const of = /^map<string, (.+)>$/.exec(type)?.[1];
  if (of !== undefined)
    return (
      typeof value === 'object' &&
      !Array.isArray(value) &&
      Object.values(value as object).every((one) => isOfType(one, of))
    );
  return typeof value === (type === 'bool' ? 'boolean' : type);
}

describe.each(streams)('The contract of the stream %s', (stream) => {
  it('and what the database makes of a record say the same, both ways', () => {
    const contract = contractOf(stream)!;
    const comparison = new Comparison(contract.types);
    const records = snapshots.get(stream)!;
    expect(records.length).toBeGreaterThan(0);
    for (const record of records) {
      comparison.gone = record.status === 'erased' ? OF_THE_LIVING : [];
      comparison.object(record, contract.variables, stream);
    }
    expect([...new Set(comparison.faults)]).toEqual([]);
    const promised = [
      ...Object.keys(contract.variables).map((name) => `${stream}.${name}`),
      ...Object.entries(contract.types).flatMap(([type, attributes]) =>
        Object.keys(attributes).map((name) => `${type}.${name}`),
      ),
    ];
    // What no record shows could be a promise that is never kept.
    expect(promised.filter((place) => !comparison.met.has(place))).toEqual([]);
  });

  it('is of what the log holds: a plan reads the newest change, and that is what the function makes', async () => {
    const { rows } = await app.pool.query<{ is: object; was: object }>(
      `select s.snapshot as is, c.snapshot as was
         from (select distinct on (key) key, snapshot from changes where stream = $1 order by key, version desc) c
        cross join lateral ${stream}_snapshots(array[c.key]) s`,
      [stream],
    );
    expect(rows.length).toBeGreaterThan(0);
    for (const { is, was } of rows) expect(was).toEqual(is);
  });
});
