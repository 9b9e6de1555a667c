import { link } from '../platform/http/links.js';

/** The row, as pg reads it. */
export interface EventRow {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly starts_at: Date;
  readonly ends_at: Date;
  readonly time_zone: string;
  readonly state: 'draft' | 'open' | 'closed';
  readonly capacity: number | null;
  readonly waitlist_capacity: number | null;
  readonly registration_opens_at: Date | null;
  readonly registration_closes_at: Date | null;
  readonly sso: 'none' | 'optional' | 'required';
  /** strict: nobody is told whether somebody is registered; answers go out by mail. */
  readonly privacy: 'open' | 'strict';
  readonly confirmed: number;
  readonly waitlisted: number;
  readonly lobby_state: 'off' | 'open' | 'queueing' | 'paused' | 'closed';
}

export const EVENT_COLUMNS = `id, slug, name, starts_at, ends_at, time_zone, state, capacity, waitlist_capacity,
  registration_opens_at, registration_closes_at, sso, privacy, confirmed, waitlisted, lobby_state`;

/** What callers see. `full` and, once its time is over, `closed` follow from the rest. */
export function eventBody(event: EventRow, now: Date) {
  const self = link(`/v1/events/${event.slug}`);
  return {
    id: event.id,
    slug: event.slug,
    name: event.name,
    startsAt: event.starts_at.toISOString(),
    endsAt: event.ends_at.toISOString(),
    timeZone: event.time_zone,
    state: visibleState(event, now),
    capacity: event.capacity,
    placesLeft: placesLeft(event),
    waitlist: { capacity: event.waitlist_capacity, waiting: event.waitlisted },
    registrationOpensAt: event.registration_opens_at?.toISOString() ?? null,
    registrationClosesAt: event.registration_closes_at?.toISOString() ?? null,
    sso: event.sso,
    ...(event.privacy === 'strict' ? { privacy: event.privacy } : {}),
    lobby: { state: event.lobby_state },
    links: {
      self,
      sessions: `${self}/sessions`,
      form: `${self}/form`,
      registrations: `${self}/registrations`,
    },
  };
}

/** The part of an event that stands in a registration. */
export function eventSummary(
  event: Pick<EventRow, 'id' | 'slug' | 'name' | 'starts_at' | 'ends_at' | 'time_zone'>,
) {
  return {
    id: event.id,
    slug: event.slug,
    name: event.name,
    startsAt: event.starts_at.toISOString(),
    endsAt: event.ends_at.toISOString(),
    timeZone: event.time_zone,
  };
}

export function placesLeft(event: Pick<EventRow, 'capacity' | 'confirmed'>): number | null {
  return event.capacity === null ? null : Math.max(0, event.capacity - event.confirmed);
}

export function visibleState(event: EventRow, now: Date): 'draft' | 'open' | 'full' | 'closed' {
  if (event.state !== 'open') return event.state;
  const closesAt = event.registration_closes_at ?? event.ends_at;
  if (now >= closesAt || now >= event.ends_at) return 'closed';
  return placesLeft(event) === 0 ? 'full' : 'open';
}
