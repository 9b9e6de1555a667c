import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { CLOCK, type Clock } from '../platform/clock.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { inTransaction } from '../platform/database/transaction.js';
import { isText, isTime } from '../platform/http/cursor.js';
import { link } from '../platform/http/links.js';
import { type Page, type PageQuery, pageOf, readCursor } from '../platform/http/page.js';
import { invalidRequest, notFound, Problem } from '../platform/http/problem.js';
import type { EventRow } from './event.js';
import type { PutFormDto, PutSessionDto } from './event.dto.js';
import { EventLookup } from './event-lookup.js';
import { compileForm } from './form.js';

const CURSOR = [isTime, isText];

interface SessionRow {
  readonly code: string;
  readonly title: string;
  readonly starts_at: Date;
  readonly ends_at: Date;
  readonly room: string | null;
  readonly kind: string;
  readonly speakers: { name: string }[];
  readonly capacity: number | null;
  readonly seats_taken: number;
}

/** What happens at an event, and what it asks of those who come. */
@Injectable()
export class AgendaService {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly lookup: EventLookup,
  ) {}

  /** In order of their start. */
  async sessions(
    event: string,
    page: PageQuery,
    drafts: boolean,
  ): Promise<Page<ReturnType<typeof sessionBody>>> {
    const { id, slug } = (await this.demandEvent(event, drafts)).event;
    const after = readCursor(page.cursor, CURSOR);
    const { rows } = await this.pool.query<SessionRow>(
      `select code, title, starts_at, ends_at, room, kind, speakers, capacity, seats_taken from sessions
        where event_id = $1 and ($2::timestamptz is null or (starts_at, code) > ($2, $3::text))
        order by starts_at, code limit $4`,
      [id, after?.[0] ?? null, after?.[1] ?? null, page.limit + 1],
    );
    return pageOf(
      rows,
      page.limit,
      (row) => sessionBody(row, slug),
      (row) => [row.starts_at.toISOString(), row.code],
    );
  }

  async putSession(
    event: string,
    code: string,
    dto: PutSessionDto,
  ): Promise<{ session: ReturnType<typeof sessionBody>; created: boolean }> {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$/.test(code)) {
      throw invalidRequest([
        { pointer: 'code', code: 'invalid-code', message: 'must be 1–80 letters, digits, dots and hyphens.' },
      ]);
    }
    if (new Date(dto.endsAt) <= new Date(dto.startsAt)) {
      throw invalidRequest([
        { pointer: '/endsAt', code: 'order-of-times', message: 'must be after startsAt.' },
      ]);
    }
    const { id, slug } = (await this.demandEvent(event, true)).event;
    const { row, created } = await inTransaction(this.pool, (client) =>
      this.writeSession(client, id, code, dto),
    );
    this.lookup.forget();
    return { session: sessionBody(row, slug), created };
  }

  async form(event: string, drafts: boolean) {
    const { form, event: of } = await this.demandEvent(event, drafts);
    return formBody(form, of);
  }

  /** A new version; answers given before stay as they were given. */
  async putForm(event: string, dto: PutFormDto) {
    const purposes = dto.consents.map(({ purpose }) => purpose);
    const again = purposes.findIndex((purpose, i) => purposes.indexOf(purpose) !== i);
    if (again >= 0) {
      const pointer = `/consents/${again}/purpose`;
      throw invalidRequest([{ pointer, code: 'repeated', message: 'stands there twice.' }]);
    }
    compileForm(0, dto.schema, dto.consents);
    const { id } = (await this.demandEvent(event, true)).event;
    await inTransaction(this.pool, async (client) => {
      await client.query('select from events where id = $1 for no key update', [id]);
      await client.query(
        `insert into forms (event_id, version, schema, consents, created_at)
         select $1, coalesce(max(version), 0) + 1, $2, $3, $4 from forms where event_id = $1`,
        [id, JSON.stringify(dto.schema), JSON.stringify(dto.consents), this.clock.now()],
      );
    });
    this.lookup.forget();
    return this.form(id, true);
  }

  private async demandEvent(event: string, drafts: boolean) {
    const found = await this.lookup.read(event);
    if (!found || (found.event.state === 'draft' && !drafts)) throw notFound('There is no such event.');
    return found;
  }

  private async writeSession(client: pg.PoolClient, eventId: string, code: string, dto: PutSessionDto) {
    await client.query('select from events where id = $1 for no key update', [eventId]);
    const { rows } = await client.query<SessionRow & { id: string; created: boolean }>(
      `insert into sessions as s (id, event_id, code, title, starts_at, ends_at, room, kind, speakers, capacity,
                                  created_at, updated_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)
       on conflict (event_id, code) do update set title = excluded.title, starts_at = excluded.starts_at,
         ends_at = excluded.ends_at, room = excluded.room, kind = excluded.kind, speakers = excluded.speakers,
         capacity = excluded.capacity, updated_at = excluded.updated_at, version = s.version + 1
       returning id, code, title, starts_at, ends_at, room, kind, speakers, capacity, seats_taken, id = $1 as created`,
      [
        uuidv7(),
        eventId,
        code,
        dto.title,
        new Date(dto.startsAt),
        new Date(dto.endsAt),
        dto.room ?? null,
        dto.kind,
        JSON.stringify(dto.speakers),
        dto.capacity ?? null,
        this.clock.now(),
      ],
    );
    const row = rows[0]!;
    if (row.capacity !== null && row.capacity < row.seats_taken) {
      throw new Problem('conflict', `${row.seats_taken} people have a seat: the capacity cannot be less.`);
    }
    const topic = row.created ? 'session.created' : 'session.updated';
    await client.query('select append_session_changes(array[$1::uuid], $2)', [row.id, topic]);
    return { row, created: row.created };
  }
}

function sessionBody(row: SessionRow, slug: string) {
  return {
    code: row.code,
    title: row.title,
    startsAt: row.starts_at.toISOString(),
    endsAt: row.ends_at.toISOString(),
    room: row.room,
    kind: row.kind,
    speakers: row.speakers,
    capacity: row.capacity,
    seatsLeft: row.capacity === null ? null : Math.max(0, row.capacity - row.seats_taken),
    links: { event: link(`/v1/events/${slug}`), sessions: link(`/v1/events/${slug}/sessions`) },
  };
}

function formBody(
  form: { version: number; schema: Record<string, unknown>; consents: readonly object[] },
  event: Pick<EventRow, 'slug'>,
) {
  return {
    version: form.version,
    schema: form.schema,
    consents: form.consents,
    links: { self: link(`/v1/events/${event.slug}/form`), event: link(`/v1/events/${event.slug}`) },
  };
}
