import { eventSummary } from '../events/event.js';
import { link } from '../platform/http/links.js';
import type { AttendeeDto } from './registration.dto.js';

export type Status = 'pending' | 'confirmed' | 'waitlisted' | 'offered' | 'cancelled' | 'erased';

/** A registration with its event, as it is read. */
export interface RegistrationRow {
  readonly id: string;
  readonly status: Status;
  readonly version: number;
  readonly generation: number;
  readonly attendee: AttendeeDto;
  readonly answers: Record<string, unknown>;
  readonly source: Record<string, unknown> | null;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly event: Parameters<typeof eventSummary>[0];
  readonly consents: { purpose: string; granted: boolean; textVersion: string; at: string }[];
  readonly sessions: string[];
  /** How many are before it on the waitlist, and one. */
  readonly position: number | null;
}

export const REGISTRATION_SQL = `
  select r.id, r.status, r.version, r.generation, r.attendee, r.answers, r.source, r.created_at, r.updated_at,
         e.id as event_id, e.slug, e.name, e.starts_at, e.ends_at, e.time_zone, c.list as consents,
         s.codes as sessions, w.position
    from registrations r
    join events e on e.id = r.event_id
    cross join lateral (
      select coalesce(json_agg(json_build_object('purpose', c.purpose, 'granted', c.granted,
          'textVersion', c.text_version, 'at', iso_time(c.at)) order by c.purpose), '[]'::json) as list
      from (select distinct on (purpose) * from consents
            where person_id = r.person_id and registration_id = r.id order by purpose, at desc) c) c
    cross join lateral (
      select coalesce(json_agg(s.code order by s.starts_at, s.code), '[]'::json) as codes
      from enrolments n join sessions s on s.id = n.session_id where n.registration_id = r.id) s
    left join lateral (
      select count(*)::integer as position from registrations b
      where b.event_id = r.event_id and b.status = 'waitlisted' and b.waitlist_number <= r.waitlist_number
    ) w on r.status = 'waitlisted'`;

type FlatRow = Omit<RegistrationRow, 'event'> & {
  event_id: string;
  slug: string;
  name: string;
  starts_at: Date;
  ends_at: Date;
  time_zone: string;
};

export function registrationRow({
  event_id,
  slug,
  name,
  starts_at,
  ends_at,
  time_zone,
  ...row
}: FlatRow): RegistrationRow {
  return { ...row, event: { id: event_id, slug, name, starts_at, ends_at, time_zone } };
}

/** What callers see; the one form of a registration, whether it was just made or is read. */
export function registrationBody(row: RegistrationRow, manageToken?: string) {
  const self = link(`/v1/registrations/${row.id}`);
  return {
    id: row.id,
    event: eventSummary(row.event),
    status: row.status,
    ...(row.position === null ? {} : { position: row.position }),
    version: row.version,
    attendee: row.attendee,
    answers: row.answers,
    consents: row.consents,
    sessions: row.sessions,
    source: row.source ?? {},
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    ...(manageToken === undefined ? {} : { manageToken }),
    links: {
      self,
      event: link(`/v1/events/${row.event.slug}`),
      transfer: `${self}/transfer`,
      calendar: `${self}/calendar.ics`,
      badge: `${self}/badge.svg`,
      export: `${self}/export`,
      person: `${self}/person`,
    },
  };
}

export type RegistrationBody = ReturnType<typeof registrationBody>;
