import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';
import type { Repeatable } from '../identity/idempotency.js';
import { IdempotencyClaims } from '../identity/idempotency-claims.js';
import { CLOCK, type Clock } from '../platform/clock.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { inTransaction } from '../platform/database/transaction.js';
import { isTime, isUuid } from '../platform/http/cursor.js';
import { type Page, type PageQuery, pageOf, readCursor } from '../platform/http/page.js';
import { invalidRequest, notFound, Problem } from '../platform/http/problem.js';
import { EVENT_COLUMNS, eventBody, type EventRow } from './event.js';
import type { AmendEventDto, CreateEventDto } from './event.dto.js';
import { EventLookup } from './event-lookup.js';
import { demandTransition } from './event-states.js';

const UNIQUE_VIOLATION = '23505';
const CURSOR = [isTime, isUuid];

export type EventBody = ReturnType<typeof eventBody>;

/** Events as operators make and change them, and as everyone reads them. */
@Injectable()
export class EventsService {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly lookup: EventLookup,
    private readonly idempotency: IdempotencyClaims,
  ) {}

  /** In order of their start. */
  async list(page: PageQuery, drafts: boolean): Promise<Page<EventBody>> {
    const after = readCursor(page.cursor, CURSOR);
    const { rows } = await this.pool.query<EventRow>(
      `select ${EVENT_COLUMNS} from events
        where ($1 or state <> 'draft') and ($2::timestamptz is null or (starts_at, id) > ($2, $3::uuid))
        order by starts_at, id limit $4`,
      [drafts, after?.[0] ?? null, after?.[1] ?? null, page.limit + 1],
    );
    const now = this.clock.now();
    return pageOf(
      rows,
      page.limit,
      (row) => eventBody(row, now),
      (row) => [row.starts_at.toISOString(), row.id],
    );
  }

  async read(event: string, drafts: boolean): Promise<EventBody> {
    const found = await this.lookup.read(event);
    if (!found || (found.event.state === 'draft' && !drafts)) throw notFound('There is no such event.');
    return eventBody(found.event, this.clock.now());
  }

  /** A new event is a draft. */
  async create(
    dto: CreateEventDto,
    repeat: Repeatable | null,
  ): Promise<{ event: EventBody; replayed: boolean }> {
    const now = this.clock.now();
    const row = {
      sso: 'none' as const,
      privacy: 'open' as const,
      ...rowOf(dto),
      id: uuidv7(),
      state: 'draft' as const,
    };
    demandOrder(row);
    const outcome = await inTransaction(this.pool, async (client) => {
      const earlier = repeat && (await this.idempotency.claim(client, repeat, row.id, now));
      if (earlier) return { id: earlier, replayed: true };
      await insertEvent(client, row, now);
      await appendChange(client, row.id, 'event.created');
      return { id: row.id, replayed: false };
    });
    return { event: await this.read(outcome.id, true), replayed: outcome.replayed };
  }

  /** Places that are added go to the head of the waitlist in the same transaction. */
  async amend(event: string, dto: AmendEventDto): Promise<EventBody> {
    const id = (await this.lookup.read(event))?.event.id;
    if (id === undefined) throw notFound('There is no such event.');
    const now = this.clock.now();
    await inTransaction(this.pool, async (client) => {
      const { rows } = await client.query<EventRow>(
        `select ${EVENT_COLUMNS} from events where id = $1 for no key update`,
        [id],
      );
      const before = rows[0]!;
      const after = { ...before, ...rowOf(dto) };
      demandOrder(after);
      demandTransition(before, after.state, before.confirmed + before.waitlisted);
      demandRoom(after);
      await updateEvent(client, after, now);
      await client.query('select release_places($1, array[]::uuid[], $2)', [id, now]);
      await appendChange(client, id, 'event.updated');
    });
    this.lookup.forget();
    return this.read(id, true);
  }
}

type Settable = Omit<EventRow, 'id' | 'state' | 'confirmed' | 'waitlisted' | 'lobby_state'>;

function rowOf(
  dto: CreateEventDto,
): Omit<Settable, 'sso' | 'privacy'> & Partial<Pick<Settable, 'sso' | 'privacy'>>;
function rowOf(dto: AmendEventDto): Partial<EventRow>;
function rowOf(dto: AmendEventDto): Partial<EventRow> {
  const time = (text: string | null | undefined): Date | null | undefined =>
    typeof text === 'string' ? new Date(text) : text;
  const row = {
    slug: dto.slug,
    name: dto.name,
    starts_at: time(dto.startsAt),
    ends_at: time(dto.endsAt),
    time_zone: dto.timeZone,
    capacity: dto.capacity,
    waitlist_capacity: dto.waitlist?.capacity,
    registration_opens_at: time(dto.registrationOpensAt),
    registration_closes_at: time(dto.registrationClosesAt),
    sso: dto.sso,
    privacy: dto.privacy,
    state: dto.state,
  };
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined));
}

function demandOrder(event: Partial<EventRow>): void {
  const fault = (pointer: string, message: string): never => {
    throw invalidRequest([{ pointer, code: 'order-of-times', message }]);
  };
  const {
    starts_at: starts,
    ends_at: ends,
    registration_opens_at: opens,
    registration_closes_at: closes,
  } = event;
  if (starts && ends && ends <= starts) fault('/endsAt', 'must be after startsAt.');
  if (opens && closes && closes <= opens)
    fault('/registrationClosesAt', 'must be after registrationOpensAt.');
}

function demandRoom(event: EventRow): void {
  if (event.capacity !== null && event.capacity < event.confirmed) {
    throw new Problem('conflict', `${event.confirmed} people are confirmed: the capacity cannot be less.`);
  }
}

async function insertEvent(
  client: pg.PoolClient,
  event: Settable & { id: string; state: string },
  now: Date,
): Promise<void> {
  await client
    .query(
      `insert into events (id, slug, name, starts_at, ends_at, time_zone, state, capacity, waitlist_capacity,
                           registration_opens_at, registration_closes_at, sso, privacy, created_at, updated_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)`,
      [...values(event), now],
    )
    .catch(demandOwnSlug);
}

async function updateEvent(client: pg.PoolClient, event: EventRow, now: Date): Promise<void> {
  await client
    .query(
      `update events set slug = $2, name = $3, starts_at = $4, ends_at = $5, time_zone = $6, state = $7,
              capacity = $8, waitlist_capacity = $9, registration_opens_at = $10, registration_closes_at = $11,
              sso = $12, privacy = $13, updated_at = $14, version = version + 1
        where id = $1`,
      [...values(event), now],
    )
    .catch(demandOwnSlug);
}

/** Last in its transaction. Nobody is woken: what reads events can wait for the next sweep. */
async function appendChange(client: pg.PoolClient, id: string, topic: string): Promise<void> {
  await client.query('select append_event_changes(array[$1::uuid], $2)', [id, topic]);
}

function values(event: Settable & { id: string; state: string }): unknown[] {
  return [
    event.id,
    event.slug,
    event.name,
    event.starts_at,
    event.ends_at,
    event.time_zone,
    event.state,
    event.capacity,
    event.waitlist_capacity,
    event.registration_opens_at ?? null,
    event.registration_closes_at ?? null,
    event.sso,
    event.privacy,
  ];
}

function demandOwnSlug(error: unknown): never {
  if ((error as { code?: string }).code !== UNIQUE_VIOLATION) throw error;
  throw new Problem('conflict', 'Another event has this slug.', {
    errors: [{ pointer: '/slug', code: 'taken', message: 'is taken by another event.' }],
    cause: error,
  });
}
