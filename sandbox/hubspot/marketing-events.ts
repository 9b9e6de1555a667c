import { type Answer, type Call, isObject, jsonOf, textOf } from '../call.js';
import { type Fields, type Row, type Table, unkept } from '../store/table.js';
import type { Part } from '../vendor.js';
import { error, invalid, json, noContent } from './errors.js';
import type { Portal } from './portal.js';
import { Participations } from './participations.js';

const BASE = /^\/marketing\/(?:v3\/marketing-events|marketing-events\/\d{4}-\d{2})(\/.*)?$/;
const LIMIT_MAX = 100;
/** What an event is told and keeps, all of it as text. */
const DETAILS = [
  'eventName',
  'eventOrganizer',
  'eventType',
  'eventUrl',
  'eventDescription',
  'startDateTime',
  'endDateTime',
];

/** Marketing events v3: events by (account, external id) of this app, and who took part in them. */
export class MarketingEvents {
  private readonly participations: Participations;

  constructor(private readonly portal: Portal) {
    this.table.index('key');
    this.participations = new Participations(portal);
  }

  /** Undefined: not one of these addresses. */
  answer(call: Call): Answer | undefined {
    const below = BASE.exec(call.path);
    if (below === null) return undefined;
    const parts = (below[1] ?? '')
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent);
    return this.route(call, parts) ?? error(404, 'resource not found');
  }

  parts(call: Call): Part[] {
    if (!BASE.test(call.path) || call.method === 'GET') return [];
    const body = jsonOf(call);
    const inputs = isObject(body) && Array.isArray(body.inputs) ? (body.inputs as unknown[]) : [body ?? null];
    const object = call.path.includes('/attendance/') ? 'participations' : 'marketing_events';
    return inputs.map((request) => ({
      object,
      key: isObject(request) ? textOf(request.email ?? request.externalEventId) || null : null,
      request,
    }));
  }

  private route(call: Call, [first, second, third, fourth]: string[]): Answer | undefined {
    const isPost = call.method === 'POST';
    if (first === undefined) return call.method === 'GET' ? this.list(call) : undefined;
    if (first === 'events' && second === 'upsert' && isPost) return this.upsert(call);
    if (first === 'events' && second === undefined && isPost) return this.create(call);
    if (first === 'events' && second !== undefined) {
      const event = this.find(call.query.get('externalAccountId'), second);
      if (event === undefined) return unknownEvent(second);
      if (third === undefined) return this.one(call, event);
      if (third === 'complete' && isPost) return this.complete(call, event);
      return third === 'cancel' && isPost ? this.cancel(call, event) : undefined;
    }
    if (first === 'attendance' && second !== undefined && isPost) {
      const event = this.find(call.query.get('externalAccountId'), second);
      return event === undefined
        ? unknownEvent(second)
        : this.participations.take(call, event, third, fourth);
    }
    if (first === 'participations' && call.method === 'GET') {
      const rest = [second, third, fourth].filter((part) => part !== undefined);
      const isBreakdown = rest.at(-1) === 'breakdown';
      const [one = '', other] = isBreakdown ? rest.slice(0, -1) : rest;
      const event = other === undefined ? this.byId(one) : this.find(one, other);
      if (event === undefined) return unknownEvent(other ?? one);
      return isBreakdown
        ? this.participations.breakdown(call, event)
        : json(200, this.participations.counts(event));
    }
    const event = this.byId(first);
    if (event === undefined) return unknownEvent(first);
    if (second === undefined) return this.one(call, event);
    return second === 'attendance' && isPost
      ? this.participations.take(call, event, third, fourth)
      : undefined;
  }

  private upsert(call: Call): Answer {
    const body = jsonOf(call);
    if (!isObject(body) || !Array.isArray(body.inputs))
      return invalid('Some required fields were not set: [inputs]');
    const inputs = body.inputs as unknown[];
    for (const input of inputs) {
      const missing = missingOf(input);
      if (missing.length > 0) return invalid(`Some required fields were not set: [${missing.join(', ')}]`);
    }
    const results = inputs.map((input) => this.write(call, input as Record<string, unknown>));
    const completedAt = new Date(call.at).toISOString();
    return json(200, { status: 'COMPLETE', results, startedAt: completedAt, completedAt });
  }

  private create(call: Call): Answer {
    const body = jsonOf(call);
    const missing = missingOf(body);
    if (missing.length > 0) return invalid(`Some required fields were not set: [${missing.join(', ')}]`);
    const given = body as Record<string, unknown>;
    if (this.find(textOf(given.externalAccountId), textOf(given.externalEventId)) !== undefined)
      return error(409, 'A marketing event with this external id exists already.', 'CONFLICT');
    return json(200, this.write(call, given));
  }

  private write(call: Call, given: Record<string, unknown>): object {
    const { store } = this.portal;
    const [account, external] = [textOf(given.externalAccountId), textOf(given.externalEventId)];
    const row = this.find(account, external);
    const fields: Fields = { ...row?.fields, key: keyOf(account, external) };
    Object.assign(fields, { externalAccountId: account, externalEventId: external });
    for (const name of DETAILS) if (given[name] !== undefined) fields[name] = textOf(given[name]);
    for (const name of ['eventCancelled', 'eventCompleted'])
      fields[name] = typeof given[name] === 'boolean' ? given[name] : (fields[name] ?? false);
    const lie = call.lie();
    const id = row?.id ?? this.portal.nextId();
    const next = lie === undefined || row === undefined ? fields : row.fields;
    let stored: Row = row ?? unkept(id, next, call.at);
    if (lie === undefined && row !== undefined) store.update(this.table, row, external, next, call.at);
    if (lie === undefined && row === undefined)
      stored = store.insert(this.table, id, external, next, call.at);
    const response = shown({ ...stored, fields });
    const outcome = lie !== undefined ? 'lied' : row === undefined ? 'created' : 'updated';
    call.notes.push({ object: 'marketing_events', key: external, id, outcome, request: given, response });
    return response;
  }

  private one(call: Call, event: Row): Answer | undefined {
    if (call.method === 'GET')
      return json(200, {
        ...shown(event),
        externalEventId: event.fields.externalEventId,
        ...this.participations.totals(event),
      });
    if (call.method === 'DELETE') {
      this.portal.store.remove(this.table, event, call.at);
      this.note(call, event, 'deleted');
      return noContent();
    }
    if (call.method !== 'PATCH') return undefined;
    const body = jsonOf(call);
    const { externalAccountId, externalEventId } = event.fields;
    return json(
      200,
      this.write(call, { ...(isObject(body) ? body : {}), externalAccountId, externalEventId }),
    );
  }

  private complete(call: Call, event: Row): Answer {
    const body = jsonOf(call);
    if (!isObject(body) || typeof body.startDateTime !== 'string' || typeof body.endDateTime !== 'string')
      return invalid('Some required fields were not set: [startDateTime, endDateTime]');
    const { startDateTime, endDateTime } = body;
    const fields = { ...event.fields, startDateTime, endDateTime, eventCompleted: true };
    this.portal.store.update(this.table, event, event.key, fields, call.at);
    this.participations.complete(event, call.at);
    this.note(call, event, 'completed');
    return json(200, details(event));
  }

  private cancel(call: Call, event: Row): Answer {
    this.portal.store.update(
      this.table,
      event,
      event.key,
      { ...event.fields, eventCancelled: true },
      call.at,
    );
    this.note(call, event, 'cancelled');
    return json(200, details(event));
  }

  private list(call: Call): Answer {
    const limit = Number(call.query.get('limit') ?? 10);
    const after = Number(call.query.get('after') ?? 0);
    if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX)
      return invalid(`limit must be 1 to ${LIMIT_MAX}`);
    const live = this.table.rows.filter(({ isGone }) => !isGone);
    const results = live.slice(after, after + limit).map((row) => ({
      ...details(row),
      objectId: row.id,
      externalEventId: row.fields.externalEventId,
      customProperties: [],
      createdAt: new Date(row.createdAt).toISOString(),
      updatedAt: new Date(row.updatedAt).toISOString(),
    }));
    const isMore = after + limit < live.length;
    return json(200, { results, ...(isMore ? { paging: { next: { after: String(after + limit) } } } : {}) });
  }

  private note(call: Call, { key, id }: Row, what: string): void {
    const request = jsonOf(call) ?? { [what]: true };
    call.notes.push({
      object: 'marketing_events',
      key,
      id,
      outcome: 'updated',
      request,
      response: { [what]: true },
    });
  }

  private find(account: string | null, external: string): Row | undefined {
    return this.table.findOne('key', keyOf(account ?? '', external));
  }

  private byId(id: string): Row | undefined {
    const row = this.table.get(id);
    return row?.isGone === false ? row : undefined;
  }

  /** Looked up each time: emptying the twin replaces it. */
  private get table(): Table {
    return this.portal.store.table('marketing_events');
  }
}

function keyOf(account: string, external: string): string {
  return `${account}/${external}`;
}

function missingOf(input: unknown): string[] {
  const given = isObject(input) ? input : {};
  const needed = ['externalAccountId', 'externalEventId', 'eventName', 'eventOrganizer'];
  return needed.filter((name) => textOf(given[name]) === '');
}

function details({ fields, id }: Row): Record<string, unknown> {
  const known = [...DETAILS, 'eventCancelled', 'eventCompleted'].filter((name) => fields[name] !== undefined);
  return {
    ...Object.fromEntries(known.map((name) => [name, fields[name]])),
    customProperties: [],
    objectId: id,
  };
}

function shown(row: Row): Record<string, unknown> {
  const [createdAt, updatedAt] = [row.createdAt, row.updatedAt].map((ms) => new Date(ms).toISOString());
  return { id: row.id, ...details(row), createdAt, updatedAt };
}

function unknownEvent(id: string): Answer {
  return error(404, `Marketing event ${id} was not found.`, 'OBJECT_NOT_FOUND');
}
