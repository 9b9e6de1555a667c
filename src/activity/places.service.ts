import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { EventLookup, type KnownEvent } from '../events/event-lookup.js';
import { CLOCK, type Clock } from '../platform/clock.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { link } from '../platform/http/links.js';
import { invalidRequest, notFound, Problem } from '../platform/http/problem.js';

/** Which event, or session of it, a platform's webinar or room is. */
export interface Place {
  readonly platform: string;
  readonly place: string;
  readonly eventId: string;
  readonly sessionId: string | null;
}

@Injectable()
export class Places {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly events: EventLookup,
  ) {}

  async find(platform: string, place: string): Promise<Place | null> {
    const { rows } = await this.pool.query<Place>(
      `select platform, place, event_id as "eventId", session_id as "sessionId"
         from places where platform = $1 and place = $2`,
      [platform, place],
    );
    return rows[0] ?? null;
  }

  async ofEvent(event: string): Promise<object[]> {
    const known = await this.demandEvent(event);
    const { rows } = await this.pool.query<{ platform: string; place: string; session: string | null }>(
      `select p.platform, p.place, s.code as session from places p left join sessions s on s.id = p.session_id
        where p.event_id = $1 order by p.platform, p.place`,
      [known.event.id],
    );
    return rows.map((row) => placeBody(known, row));
  }

  /** @throws Problem 409 where the place is another event's */
  async put(event: string, platform: string, place: string, session: string | null): Promise<object> {
    const known = await this.demandEvent(event);
    const sessionId = session === null ? null : known.sessions.get(session);
    if (sessionId === undefined) {
      throw invalidRequest([
        { pointer: '/session', code: 'unknown-session', message: 'is no session of this event.' },
      ]);
    }
    const { rowCount } = await this.pool.query(
      `insert into places (platform, place, event_id, session_id, created_at) values ($1, $2, $3, $4, $5)
       on conflict (platform, place) do update set session_id = excluded.session_id
       where places.event_id = excluded.event_id`,
      [platform, place, known.event.id, sessionId, this.clock.now()],
    );
    if (rowCount === 0)
      throw new Problem('conflict', 'The place belongs to another event; take it away there first.');
    return placeBody(known, { platform, place, session });
  }

  async remove(event: string, platform: string, place: string): Promise<void> {
    const known = await this.demandEvent(event);
    const { rowCount } = await this.pool.query(
      'delete from places where platform = $1 and place = $2 and event_id = $3',
      [platform, place, known.event.id],
    );
    if (rowCount === 0) throw notFound('The event has no such place.');
  }

  private async demandEvent(event: string): Promise<KnownEvent> {
    const known = await this.events.read(event);
    if (!known) throw notFound('There is no such event.');
    return known;
  }
}

function placeBody(
  { event }: KnownEvent,
  { platform, place, session }: { platform: string; place: string; session: string | null },
) {
  const of = link(`/v1/events/${event.slug}`);
  const self = `${of}/places/${platform}/${encodeURIComponent(place)}`;
  return { platform, place, session, links: { self, event: of } };
}
