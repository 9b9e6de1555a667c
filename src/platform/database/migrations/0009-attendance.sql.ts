/**
 * From signals to attendance and interactions. What is derived is a function of the set of signals alone, so neither
 * their order nor their lateness can matter:
 *
 * 1. Each platform's connection in a session is a line of joins (+1) and leaves (−1) by time. Where the sum, never
 *    below nothing, is above nothing, somebody was there until the next of them. A join that nobody closed is a moment.
 * 2. What comes with its own end (\`until\`) is an interval as it is; a check-in is a moment.
 * 3. Minutes are the union of the intervals: two devices at once do not count twice.
 * 4. The row of the event itself is the union over all its sessions and what belongs to none.
 *
 * Who is written is locked before it is read: persons by e-mail, then registrations, in the one order of all writers.
 */
export const ATTENDANCE_SQL = `
  create type activity_outcome as (attendance uuid[], interactions uuid[]);

  -- A UUIDv7 by RFC 9562: PostgreSQL makes its own from version 18 on only.
  create function new_id() returns uuid language sql volatile parallel safe as $$
    select encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
      placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6),
      52, 1), 53, 1), 'hex')::uuid
  $$;

  -- Brings the attendance of these registrations to what their signals say; returns the rows that changed.
  create function derive_attendance(p_registrations uuid[]) returns uuid[] language plpgsql as $$
  declare
    v_changed uuid[];
  begin
    with signal as materialized (
      select s.* from signals s
      where s.registration_id = any (p_registrations) and s.type in ('joined', 'left', 'checkedIn', 'watched')
    ), step as (
      select s.*, case type when 'joined' then 1 else -1 end as delta
      from signal s where s.type in ('joined', 'left') and s.until is null
    ), summed as (
      select step.*, sum(delta) over line as present, lead(at) over line as next_at
      from step
      window line as (partition by registration_id, session_id, source, connection order by at, delta desc, id
                      rows between unbounded preceding and current row)
    ), counted as (
      select summed.*, present - least(0, min(present) over (
               partition by registration_id, session_id, source, connection order by at, delta desc, id)) as depth
      from summed
    ), spell as (
      select registration_id, session_id, tstzrange(at, next_at) as span from counted where depth > 0 and next_at > at
      union all
      select registration_id, session_id, tstzrange(at, until) from signal where until > at
    ), seen as (
      select registration_id, session_id, min(at) as first_at, max(greatest(at, until)) as last_at,
             bool_and(on_demand) as on_demand
      from signal group by grouping sets ((registration_id, session_id), (registration_id))
      having grouping(session_id) = 1 or session_id is not null
    ), dwelt as (
      select registration_id, session_id, range_agg(span) as spans
      from spell group by grouping sets ((registration_id, session_id), (registration_id))
      having grouping(session_id) = 1 or session_id is not null
    ), written as (
      insert into attendance as a (id, registration_id, session_id, event_id, person_id, status, mode, first_seen_at,
                                   last_seen_at, seconds, version, created_at, updated_at)
      select new_id(), s.registration_id, s.session_id, r.event_id, r.person_id, 'attended',
             case when s.on_demand then 'onDemand' else 'live' end, s.first_at, s.last_at,
             coalesce((select sum(extract(epoch from upper(span) - lower(span))) from unnest(d.spans) span), 0), 1,
             now(), now()
      from seen s
      join registrations r on r.id = s.registration_id
      left join dwelt d on d.registration_id = s.registration_id and d.session_id is not distinct from s.session_id
      order by s.registration_id, s.session_id
      on conflict (registration_id, session_id) do update set
        status = excluded.status, mode = excluded.mode, first_seen_at = excluded.first_seen_at,
        last_seen_at = excluded.last_seen_at, seconds = excluded.seconds, version = a.version + 1,
        updated_at = excluded.updated_at
      where (a.status, a.mode, a.first_seen_at, a.last_seen_at, a.seconds)
        is distinct from (excluded.status, excluded.mode, excluded.first_seen_at, excluded.last_seen_at, excluded.seconds)
      returning a.id
    )
    select array_agg(id) into v_changed from written;
    return coalesce(v_changed, '{}');
  end $$;

  -- Makes interactions of these signals; returns their ids, which are those of the signals.
  create function record_interactions(p_signals uuid[]) returns uuid[] language plpgsql as $$
  declare
    v_new uuid[];
  begin
    with written as (
      insert into interactions (id, registration_id, session_id, event_id, person_id, type, source, at, until, data,
                                created_at)
      select s.id, s.registration_id, s.session_id, s.event_id, r.person_id, s.type, s.source, s.at, s.until, s.data,
             now()
      from signals s join registrations r on r.id = s.registration_id
      where s.id = any (p_signals) and s.type not in ('joined', 'left', 'checkedIn')
      on conflict do nothing returning id, at
    )
    select array_agg(id order by at, id) into v_new from written;
    return coalesce(v_new, '{}');
  end $$;

  -- New versions of the attendance of persons that changed, without the rows that are new in any case.
  create function refresh_attendance(p_persons uuid[], p_without uuid[]) returns uuid[] language plpgsql as $$
  declare
    v_ids uuid[];
  begin
    with written as (
      update attendance set version = version + 1, updated_at = now()
      where person_id = any (p_persons) and id <> all (p_without)
      returning id
    )
    select coalesce(array_agg(id), '{}') into v_ids from written;
    return v_ids;
  end $$;

  -- Signals that waited for these registrations, which their caller has locked.
  create function resolve_signals(p_registrations uuid[]) returns activity_outcome language plpgsql as $$
  declare
    v_signals uuid[];
    v_outcome activity_outcome;
  begin
    with wanted as materialized (
      select r.id, r.event_id, p.email_key
      from registrations r join persons p on p.id = r.person_id
      where r.id = any (p_registrations) and r.status not in ('cancelled', 'erased')
    ), found as (
      select w.id as registration_id, s.id
      from wanted w join signals s on s.event_id = w.event_id and s.registration_id is null
        and (s.email_key = w.email_key or s.external_id is not null and exists (
          select from external_ids x where x.event_id = s.event_id and x.source = s.source
            and x.external_id = s.external_id and x.email_key = w.email_key))
    ), resolved as (
      update signals s set registration_id = found.registration_id, email_key = null
      from found where s.id = found.id returning s.id
    )
    select array_agg(id) into v_signals from resolved;
    if v_signals is null then
      return null;
    end if;
    v_outcome.attendance := derive_attendance(p_registrations);
    v_outcome.interactions := record_interactions(v_signals);
    -- Version 1 says that there is no attendance yet.
    update persons set version = 2 where version = 1
      and id in (select person_id from attendance where id = any (v_outcome.attendance));
    return v_outcome;
  end $$;
`;
