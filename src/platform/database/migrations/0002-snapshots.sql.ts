/**
 * How a person and a registration read as a change: the same for the log, a backfill and a plan, so that two of them
 * made at the same version are equal. That is why a registration's `position` here is its number in the waitlist,
 * which stays, and not how many are still before it.
 */
export const SNAPSHOTS_SQL = `
  create function iso_time(t timestamptz) returns text language sql stable parallel safe
  return to_char(t at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');

  create function person_snapshots(ids uuid[]) returns table (key uuid, version integer, snapshot json)
  language sql stable as $$
    select p.id, p.version, json_build_object(
      'person', json_strip_nulls(json_build_object(
        'id', p.id, 'email', p.email, 'firstName', p.first_name, 'lastName', p.last_name, 'company', p.company,
        'jobTitle', p.job_title, 'country', p.country, 'phone', p.phone, 'locale', p.locale,
        'createdAt', iso_time(p.created_at))),
      'registrations', r.list,
      'consents', c.list,
      'attendance', '[]'::json)
    from unnest(ids) i (id)
    join lateral (select * from persons where persons.id = i.id limit 1) p on true
    cross join lateral (
      select coalesce(json_agg(json_build_object(
          'id', r.id,
          'event', json_build_object('id', e.id, 'slug', e.slug, 'name', e.name, 'startsAt', iso_time(e.starts_at),
            'endsAt', iso_time(e.ends_at), 'timeZone', e.time_zone),
          'status', r.status, 'answers', r.answers, 'sessions', s.codes, 'source', coalesce(r.source, '{}'::json),
          'createdAt', iso_time(r.created_at), 'updatedAt', iso_time(r.updated_at))
        order by r.created_at, r.id), '[]'::json) as list
      from registrations r
      cross join lateral (select * from events where events.id = r.event_id limit 1) e
      cross join lateral (
        select coalesce(json_agg(s.code order by s.starts_at, s.code), '[]'::json) as codes
        from enrolments n join sessions s on s.id = n.session_id where n.registration_id = r.id) s
      where r.person_id = p.id) r
    cross join lateral (
      select coalesce(json_agg(json_build_object('purpose', c.purpose, 'granted', c.granted,
          'textVersion', c.text_version, 'at', iso_time(c.at)) order by c.purpose), '[]'::json) as list
      from (select distinct on (purpose) * from consents where person_id = p.id order by purpose, at desc) c) c
  $$;

  create function registration_snapshots(ids uuid[]) returns table (key uuid, version integer, snapshot json)
  language sql stable as $$
    select r.id, r.version, json_build_object(
      'id', r.id, 'personId', r.person_id,
      'event', json_build_object('id', e.id, 'slug', e.slug, 'name', e.name, 'startsAt', iso_time(e.starts_at),
        'endsAt', iso_time(e.ends_at), 'timeZone', e.time_zone),
      'status', r.status, 'position', r.waitlist_number, 'version', r.version, 'attendee', r.attendee,
      'answers', r.answers, 'consents', c.list, 'sessions', s.codes, 'source', coalesce(r.source, '{}'::json),
      'createdAt', iso_time(r.created_at), 'updatedAt', iso_time(r.updated_at))
    from unnest(ids) i (id)
    join lateral (select * from registrations where registrations.id = i.id limit 1) r on true
    cross join lateral (select * from events where events.id = r.event_id limit 1) e
    cross join lateral (
      select coalesce(json_agg(json_build_object('purpose', c.purpose, 'granted', c.granted,
          'textVersion', c.text_version, 'at', iso_time(c.at)) order by c.purpose), '[]'::json) as list
      from (select distinct on (purpose) * from consents
            where person_id = r.person_id and registration_id = r.id order by purpose, at desc) c) c
    cross join lateral (
      select coalesce(json_agg(s.code order by s.starts_at, s.code), '[]'::json) as codes
      from enrolments n join sessions s on s.id = n.session_id where n.registration_id = r.id) s
  $$;

  -- The last statement of whatever changed these registrations: theirs and their persons' changes.
  create function append_registration_changes(ids uuid[], topics text[]) returns bigint language plpgsql as $$
  begin
    return append_changes(array_agg(c.stream), array_agg(c.key), array_agg(c.version), array_agg(c.topic),
                          array_agg(c.person_id), array_agg(c.event_id), array_agg(c.registration_id),
                          array_agg(c.snapshot))
    from (
      select 'registration' as stream, s.key, s.version, i.topic, r.person_id, r.event_id, r.id as registration_id,
             s.snapshot
      from registration_snapshots(ids) s
      join unnest(ids, topics) i (id, topic) on i.id = s.key
      cross join lateral (select * from registrations where registrations.id = s.key limit 1) r
      union all
      select 'person', s.key, s.version, 'person.updated', s.key, null, null, s.snapshot
      from person_snapshots(array(
        select distinct r.person_id from unnest(ids) i (id)
        cross join lateral (select person_id from registrations where registrations.id = i.id limit 1) r)) s
    ) c;
  end $$;
`;
