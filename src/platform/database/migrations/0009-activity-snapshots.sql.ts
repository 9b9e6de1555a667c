/** An event as it stands in other records. `e` is the row. */
const EVENT_SUMMARY = `
      json_object('id' value e.id, 'slug' value e.slug, 'name' value e.name, 'startsAt' value iso_time(e.starts_at),
        'endsAt' value iso_time(e.ends_at), 'timeZone' value e.time_zone returning json)`;

/** A session as it stands in other records. `s` is the row. */
const SESSION_SUMMARY = `
      json_object('id' value s.id, 'code' value s.code, 'title' value s.title, 'startsAt' value iso_time(s.starts_at),
        'endsAt' value iso_time(s.ends_at), 'room' value s.room, 'kind' value s.kind, 'speakers' value s.speakers
        absent on null returning json)`;

const PERSON = `
      json_object(
        'id' value p.id, 'email' value p.email, 'firstName' value p.first_name, 'lastName' value p.last_name,
        'company' value p.company, 'jobTitle' value p.job_title, 'country' value p.country, 'phone' value p.phone,
        'locale' value p.locale, 'createdAt' value iso_time(p.created_at) absent on null returning json)`;

/** The latest word on each purpose, whichever registration it was given with. */
const CONSENTS = `
      select json_arrayagg(json_object('purpose' value c.purpose, 'granted' value c.granted,
          'textVersion' value c.text_version, 'at' value iso_time(c.at) returning json)
        order by c.purpose returning json) as list
      from (select distinct on (purpose) * from consents where person_id = p.id order by purpose, at desc) c`;

const CODES = `
      coalesce((
        select json_arrayagg(s.code order by s.starts_at, s.code returning json)
        from enrolments n cross join lateral (select * from sessions where sessions.id = n.session_id limit 1) s
        where n.registration_id = r.id), '[]'::json)`;

/** What attendance says of itself. `a` is the row. */
const SEEN = `
        'status' value a.status, 'mode' value a.mode, 'minutes' value a.seconds / 60,
        'firstSeenAt' value iso_time(a.first_seen_at), 'lastSeenAt' value iso_time(a.last_seen_at)`;

/** Whose it is and where it happened, for a row \`a\` of attendance or interactions: mappings need no joins. */
const BELONGS = `
      'person' value ${PERSON},
      'registration' value json_object('id' value r.id, 'status' value r.status, 'answers' value r.answers,
        'source' value coalesce(r.source, '{}'::json), 'createdAt' value iso_time(r.created_at) returning json),
      'event' value ${EVENT_SUMMARY},
      'session' value s.summary,
      'consents' value coalesce(c.list, '[]'::json)`;

const BELONGS_FROM = `
    cross join lateral (select * from persons where persons.id = a.person_id limit 1) p
    cross join lateral (select * from registrations where registrations.id = a.registration_id limit 1) r
    cross join lateral (select * from events where events.id = a.event_id limit 1) e
    left join lateral (
      select ${SESSION_SUMMARY} as summary from sessions s where s.id = a.session_id limit 1) s on true
    cross join lateral (${CONSENTS}) c`;

/**
 * How an event, a session, attendance and an interaction read as a change: the same for the log, a backfill and a
 * plan. An event's counters are no part of it: they move with every registration.
 *
 * A person of version 1 was just made and has attended nothing: the hot path of registering is spared the look.
 */
export const ACTIVITY_SNAPSHOTS_SQL = `
  create function event_snapshots(ids uuid[]) returns table (key uuid, version integer, snapshot json)
  language sql stable rows 64 as $$
    select e.id, e.version, json_object('event' value json_object(
      'id' value e.id, 'slug' value e.slug, 'name' value e.name, 'startsAt' value iso_time(e.starts_at),
      'endsAt' value iso_time(e.ends_at), 'timeZone' value e.time_zone, 'state' value e.state,
      'capacity' value e.capacity, 'version' value e.version, 'createdAt' value iso_time(e.created_at),
      'updatedAt' value iso_time(e.updated_at) absent on null returning json) returning json)
    from unnest(ids) i (id) cross join lateral (select * from events where events.id = i.id limit 1) e
  $$;

  create function session_snapshots(ids uuid[])
  returns table (key uuid, version integer, snapshot json, event_id uuid) language sql stable rows 64 as $$
    select s.id, s.version, json_object(
      'session' value json_object(
        'id' value s.id, 'code' value s.code, 'title' value s.title, 'startsAt' value iso_time(s.starts_at),
        'endsAt' value iso_time(s.ends_at), 'room' value s.room, 'kind' value s.kind, 'speakers' value s.speakers,
        'capacity' value s.capacity, 'version' value s.version, 'createdAt' value iso_time(s.created_at),
        'updatedAt' value iso_time(s.updated_at) absent on null returning json),
      'event' value ${EVENT_SUMMARY} returning json), s.event_id
    from unnest(ids) i (id)
    cross join lateral (select * from sessions where sessions.id = i.id limit 1) s
    cross join lateral (select * from events where events.id = s.event_id limit 1) e
  $$;

  create function attendance_snapshots(ids uuid[])
  returns table (key uuid, version integer, snapshot json, person_id uuid, event_id uuid, registration_id uuid)
  language sql stable rows 64 as $$
    select a.id, a.version, json_object(
      'attendance' value json_object(
        'id' value a.id, ${SEEN}, 'version' value a.version, 'createdAt' value iso_time(a.created_at),
        'updatedAt' value iso_time(a.updated_at) absent on null returning json),
      ${BELONGS} absent on null returning json), a.person_id, a.event_id, a.registration_id
    from unnest(ids) i (id)
    cross join lateral (select * from attendance where attendance.id = i.id limit 1) a
    ${BELONGS_FROM}
  $$;

  create function interaction_snapshots(ids uuid[])
  returns table (key uuid, version integer, snapshot json, person_id uuid, event_id uuid, registration_id uuid)
  language sql stable rows 64 as $$
    select a.id, 1, json_object(
      'interaction' value json_object(
        'id' value a.id, 'type' value a.type, 'at' value iso_time(a.at), 'until' value iso_time(a.until),
        'platform' value a.source, 'data' value coalesce(a.data, '{}'::json),
        'createdAt' value iso_time(a.created_at) absent on null returning json),
      ${BELONGS} absent on null returning json), a.person_id, a.event_id, a.registration_id
    from unnest(ids) i (id)
    cross join lateral (select * from interactions where interactions.id = i.id limit 1) a
    ${BELONGS_FROM}
  $$;

  create or replace function person_snapshots(ids uuid[]) returns table (key uuid, version integer, snapshot json)
  language sql stable rows 64 as $$
    select p.id, p.version, json_object(
      'person' value ${PERSON},
      'registrations' value coalesce(r.list, '[]'::json),
      'consents' value coalesce(c.list, '[]'::json),
      'attendance' value coalesce(a.list, '[]'::json) returning json)
    from unnest(ids) i (id)
    cross join lateral (select * from persons where persons.id = i.id limit 1) p
    cross join lateral (
      select json_arrayagg(json_object(
          'id' value r.id, 'event' value e.summary, 'status' value r.status, 'answers' value r.answers,
          'sessions' value ${CODES}, 'source' value coalesce(r.source, '{}'::json), 'attendance' value a.seen,
          'createdAt' value iso_time(r.created_at), 'updatedAt' value iso_time(r.updated_at)
          absent on null returning json)
        order by r.created_at, r.id returning json) as list
      from registrations r
      cross join lateral (select ${EVENT_SUMMARY} as summary from events e where e.id = r.event_id limit 1) e
      left join lateral (
        select json_object(${SEEN} absent on null returning json) as seen
        from attendance a where p.version > 1 and a.registration_id = r.id and a.session_id is null limit 1) a on true
      where r.person_id = p.id) r
    cross join lateral (${CONSENTS}) c
    cross join lateral (
      select json_arrayagg(json_object(
          'id' value a.id, 'registrationId' value a.registration_id, 'eventId' value e.id, 'eventSlug' value e.slug,
          'eventName' value e.name, 'sessionId' value s.id, 'sessionCode' value s.code, 'sessionTitle' value s.title,
          'sessionKind' value s.kind, ${SEEN} absent on null returning json)
        order by s.starts_at, s.code, a.id returning json) as list
      from attendance a
      cross join lateral (select * from sessions where sessions.id = a.session_id limit 1) s
      cross join lateral (select * from events where events.id = a.event_id limit 1) e
      where p.version > 1 and a.person_id = p.id and a.session_id is not null) a
  $$;
`;
