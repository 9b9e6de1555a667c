import { type Answer, type Call, isObject, jsonOf, textOf } from '../call.js';
import type { Fields, Row, Table } from '../store/table.js';
import type { BatchError } from './batch-upsert.js';
import { error, invalid, json } from './errors.js';
import type { Portal } from './portal.js';
import { readProperties } from './property-values.js';

const STATES: Record<string, string> = { register: 'REGISTERED', attend: 'ATTENDED', cancel: 'CANCELLED' };
const LIMIT_MAX = 100;

interface Taken {
  contact: Row;
  isNew: boolean;
}

/** Who registered for, attended or cancelled an event: one row for each contact and event, and the last word counts. */
export class Participations {
  constructor(private readonly portal: Portal) {
    for (const name of ['key', 'eventId']) this.table.index(name);
  }

  /** POST …/attendance/{register|attend|cancel}/{email-create|create} */
  take(call: Call, event: Row, verb = '', way = ''): Answer {
    const state = STATES[verb];
    if (state === undefined || !['email-create', 'create'].includes(way))
      return error(404, 'resource not found');
    const body = jsonOf(call);
    if (!isObject(body) || !Array.isArray(body.inputs))
      return invalid('Some required fields were not set: [inputs]');
    const inputs = body.inputs as unknown[];
    if (!inputs.every((each) => isObject(each) && Number.isInteger(each.interactionDateTime)))
      return invalid('Some required fields were not set: [interactionDateTime]');
    const results: object[] = [];
    const errors: BatchError[] = [];
    for (const input of inputs as Record<string, unknown>[]) {
      const taken = way === 'create' ? this.known(input) : this.byEmail(call, input);
      if (typeof taken === 'string') {
        const key = textOf(input.email ?? input.vid);
        const refused: BatchError = {
          status: 'error',
          category: 'VALIDATION_ERROR',
          message: taken,
          context: { ids: [key] },
        };
        errors.push(refused);
        call.notes.push({
          object: 'participations',
          key,
          id: null,
          outcome: 'rejected',
          request: input,
          response: refused,
        });
        continue;
      }
      const vid = Number(taken.contact.id);
      const result = way === 'create' ? { vid } : { email: textOf(input.email).toLowerCase(), vid };
      results.push(result);
      this.write(call, event, taken.contact, state, input, result);
    }
    const at = new Date(call.at).toISOString();
    // The specification knows no 207 here: errors stand beside the results.
    const more = errors.length > 0 ? { numErrors: errors.length, errors } : {};
    return json(200, {
      status: 'COMPLETE',
      results,
      startedAt: at,
      completedAt: at,
      ...more,
    });
  }

  /** GET participations/…: how many of each. */
  counts(event: Row): Record<string, number> {
    const states = this.of(event).map(({ fields }) => fields.state);
    const count = (state: string) => states.filter((each) => each === state).length;
    return {
      attended: count('ATTENDED'),
      registered: states.length,
      cancelled: count('CANCELLED'),
      noShows: count('NO_SHOW'),
    };
  }

  /** The same under the names that an event's own answer has for them. */
  totals(event: Row): object {
    const {
      registered: registrants,
      attended: attendees,
      cancelled: cancellations,
      noShows,
    } = this.counts(event);
    return { registrants, attendees, cancellations, noShows };
  }

  /** GET participations/…/breakdown: each participation, page by page. */
  breakdown(call: Call, event: Row): Answer {
    const limit = Number(call.query.get('limit') ?? 10);
    const after = Number(call.query.get('after') ?? 0);
    if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX)
      return invalid(`limit must be 1 to ${LIMIT_MAX}`);
    const [state, who] = [call.query.get('state'), call.query.get('contactIdentifier')?.toLowerCase()];
    const rows = this.of(event).filter(
      ({ fields }) =>
        (state === null || fields.state === state) &&
        (who === undefined || fields.contactId === who || fields.email === who),
    );
    const results = rows.slice(after, after + limit).map((row) => this.shown(event, row));
    const paging = after + limit < rows.length ? { paging: { next: { after: String(after + limit) } } } : {};
    return json(200, { total: rows.length, results, ...paging });
  }

  /** After the event: who registered and did not come is a no-show. */
  complete(event: Row, at: number): void {
    for (const row of this.of(event))
      if (row.fields.state === 'REGISTERED')
        this.portal.store.amend(this.table, row, { ...row.fields, state: 'NO_SHOW' }, at);
  }

  private byEmail(call: Call, input: Record<string, unknown>): Taken | string {
    const type = this.portal.type('contacts')!;
    const more = isObject(input.contactProperties) ? input.contactProperties : {};
    const { fields, faults } = readProperties(type, { ...more, email: input.email });
    const [fault] = faults;
    if (fault !== undefined) return fault.message;
    if (typeof fields.email !== 'string') return 'email is required';
    const found = this.portal.find(type, fields.email, 'email');
    // What is there already is never changed by a participation.
    if (found !== undefined) return { contact: found, isNew: false };
    return { contact: this.portal.create(type, fields, fields.email, call.at), isNew: true };
  }

  private known(input: Record<string, unknown>): Taken | string {
    const contact = this.portal.find(this.portal.type('contacts')!, textOf(input.vid), undefined);
    return contact === undefined ? `Contact ${textOf(input.vid)} does not exist` : { contact, isNew: false };
  }

  private write(
    call: Call,
    event: Row,
    contact: Row,
    state: string,
    input: Record<string, unknown>,
    response: object,
  ): void {
    const key = `${event.id}/${contact.id}`;
    const row = this.table.findOne('key', key);
    const isLie = call.lie() !== undefined;
    const fields = this.fieldsOf(event, contact, state, input, row?.fields);
    const { store } = this.portal;
    const id = row?.id ?? this.portal.nextId();
    if (!isLie && row === undefined) store.insert(this.table, id, String(fields.email), fields, call.at);
    if (!isLie && row !== undefined) store.update(this.table, row, row.key, fields, call.at);
    const outcome = isLie ? 'lied' : row === undefined ? 'created' : 'updated';
    call.notes.push({
      object: 'participations',
      key: String(fields.email),
      id,
      outcome,
      request: input,
      response,
    });
  }

  private fieldsOf(
    event: Row,
    contact: Row,
    state: string,
    input: Record<string, unknown>,
    last?: Fields,
  ): Fields {
    const given = isObject(input.properties) ? input.properties : {};
    const { joinedAt, leftAt } = given;
    const stay = Date.parse(textOf(leftAt)) - Date.parse(textOf(joinedAt));
    // Who attended did so, whatever is said of the registration afterwards.
    const isSettled = last?.state === 'ATTENDED' && state === 'REGISTERED';
    return {
      ...last,
      key: `${event.id}/${contact.id}`,
      eventId: event.id,
      contactId: contact.id,
      email: contact.fields.email ?? null,
      state: isSettled ? 'ATTENDED' : state,
      occurredAt: Number(input.interactionDateTime),
      ...(state === 'ATTENDED' && stay >= 0 ? { durationSeconds: Math.round(stay / 1000) } : {}),
    };
  }

  private shown(event: Row, { id, fields, createdAt }: Row): object {
    const contact = this.portal.find(this.portal.type('contacts')!, String(fields.contactId), undefined);
    const { firstname, lastname, email } = contact?.fields ?? {};
    const { externalAccountId, externalEventId, eventName: name } = event.fields;
    const duration = fields.durationSeconds;
    return {
      id,
      createdAt: new Date(createdAt).toISOString(),
      properties: {
        occurredAt: fields.occurredAt,
        attendanceState: fields.state,
        ...(duration === undefined ? {} : { attendanceDurationSeconds: duration }),
      },
      associations: {
        contact: { contactId: fields.contactId, email: email ?? fields.email, firstname, lastname },
        marketingEvent: { marketingEventId: event.id, externalAccountId, externalEventId, name },
      },
    };
  }

  private of(event: Row): Row[] {
    return this.table.find('eventId', event.id);
  }

  /** Looked up each time: emptying the twin replaces it. */
  private get table(): Table {
    return this.portal.store.table('participations');
  }
}
