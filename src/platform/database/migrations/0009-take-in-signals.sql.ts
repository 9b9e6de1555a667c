/**
 * Many signals in one transaction.
 *
 * 1. Find whose each is. Where some are nobody's yet, lock the events and look again: whoever registers meanwhile
 *    either is seen here, or comes after this commit and sees the signals that wait.
 * 2. Lock the persons by e-mail and the registrations by id; then keep the signals. What is there already, by event,
 *    source and the source's id, is a duplicate.
 * 3. Derive attendance and interactions, and append the changes.
 *
 * A signal that names both an external id and an e-mail teaches us whose the external id is.
 */
export const TAKE_IN_SIGNALS_SQL = `
  create function find_registrations(p_event_ids uuid[], p_sources text[], p_registration_ids uuid[],
    p_generations integer[], p_external_ids text[], p_email_keys text[]) returns uuid[] language sql stable as $$
    select coalesce(array_agg(coalesce(named.id, mailed.id) order by i.n), '{}')
    from unnest(p_event_ids, p_sources, p_registration_ids, p_generations, p_external_ids, p_email_keys)
      with ordinality as i (event_id, source, registration_id, generation, external_id, email_key, n)
    left join lateral (
      select r.id from registrations r
      where r.id = i.registration_id and (r.event_id = i.event_id) is true and r.status <> 'erased'
        and r.generation = coalesce(i.generation, r.generation) limit 1) named on true
    left join lateral (
      select x.email_key from external_ids x where i.registration_id is null and i.external_id is not null
        and x.event_id = i.event_id and x.source = i.source and x.external_id = i.external_id limit 1) alias on true
    left join lateral (
      select r.id from persons p join registrations r on r.person_id = p.id
      where i.registration_id is null and p.email_key = coalesce(alias.email_key, i.email_key)
        and (r.event_id = i.event_id) is true and r.status not in ('cancelled', 'erased') limit 1) mailed on true
  $$;

  create function take_in_signals(
    p_at timestamptz, p_ids uuid[], p_event_ids uuid[], p_sources text[], p_source_ids text[], p_types text[],
    p_registration_ids uuid[], p_generations integer[], p_external_ids text[], p_email_keys text[],
    p_session_ids uuid[], p_connections text[], p_on_demand boolean[], p_froms timestamptz[], p_untils timestamptz[],
    p_data json[]
  ) returns table (outcome text) language plpgsql set plan_cache_mode = 'force_generic_plan' as $$
  declare
    v_found uuid[];
    v_taken uuid[];
    v_persons uuid[];
    v_registrations uuid[];
    v_outcome activity_outcome;
  begin
    insert into external_ids (event_id, source, external_id, email_key)
    select distinct on (i.event_id, i.source, i.external_id) i.event_id, i.source, i.external_id, i.email_key
    from unnest(p_event_ids, p_sources, p_external_ids, p_email_keys) i (event_id, source, external_id, email_key)
    where i.external_id is not null and i.email_key is not null
    order by i.event_id, i.source, i.external_id
    on conflict do nothing;

    v_found := find_registrations(p_event_ids, p_sources, p_registration_ids, p_generations, p_external_ids,
      p_email_keys);
    if array_position(v_found, null) is not null then
      perform from events where id = any (p_event_ids) order by id for no key update;
      v_found := find_registrations(p_event_ids, p_sources, p_registration_ids, p_generations, p_external_ids,
        p_email_keys);
    end if;

    perform from persons where id in (select person_id from registrations where id = any (v_found))
      order by email_key for no key update;
    perform from registrations where id = any (v_found) order by id for no key update;

    with written as (
      insert into signals (id, event_id, source, source_id, type, registration_id, external_id, email_key, session_id,
                           connection, on_demand, at, until, data, received_at)
      select i.id, i.event_id, i.source, i.source_id, i.type, r.id, i.external_id,
             case when r.id is null then i.email_key end, i.session_id, i.connection, i.on_demand, i.at, i.until,
             i.data, p_at
      from unnest(p_ids, p_event_ids, p_sources, p_source_ids, p_types, v_found, p_external_ids, p_email_keys,
          p_session_ids, p_connections, p_on_demand, p_froms, p_untils, p_data)
        with ordinality as i (id, event_id, source, source_id, type, registration_id, external_id, email_key,
          session_id, connection, on_demand, at, until, data, n)
      left join lateral (
        select f.id from registrations f where f.id = i.registration_id and f.status <> 'erased' limit 1) r on true
      order by i.event_id, i.source, i.source_id, i.n
      on conflict (event_id, source, source_id) do nothing
      returning id, registration_id
    )
    select array_agg(id), array_agg(distinct registration_id) filter (where registration_id is not null)
    into v_taken, v_registrations from written;

    if v_registrations is not null then
      v_outcome.attendance := derive_attendance(v_registrations);
      v_outcome.interactions := record_interactions(v_taken);
      -- Attendance stands in its person's snapshot.
      v_persons := array(select distinct person_id from attendance where id = any (v_outcome.attendance));
      update persons set version = version + 1, updated_at = p_at where id = any (v_persons);
      perform append_person_changes(v_persons);
      perform append_activity_changes(v_outcome.attendance, 'attendance.changed', v_outcome.interactions);
    end if;

    return query
      select case when i.id <> all (coalesce(v_taken, '{}')) then 'duplicate'
                  when v_found[i.n] is null then 'unresolved'
                  else 'accepted' end
      from unnest(p_ids) with ordinality as i (id, n) order by i.n;
  end $$;

  -- Whoever holds a place and was not seen when all was over; so many at once. Returns how many were looked at.
  create function record_no_shows(p_event uuid, p_session uuid, p_max integer, p_at timestamptz) returns integer
  language plpgsql as $$
  declare
    v_missing uuid[];
    v_new uuid[];
    v_persons uuid[];
  begin
    v_missing := array(
      select r.id from registrations r
      where r.event_id = p_event and r.status = 'confirmed'
        and not exists (select from attendance a
          where a.registration_id = r.id and a.session_id is not distinct from p_session)
        and (p_session is null or exists (select from enrolments n
          where n.registration_id = r.id and n.session_id = p_session and n.seated))
      order by r.id limit p_max);
    perform from persons where id in (select person_id from registrations where id = any (v_missing))
      order by email_key for no key update;
    perform from registrations where id = any (v_missing) order by id for no key update;
    with written as (
      insert into attendance (id, registration_id, session_id, event_id, person_id, status, seconds, version,
                              created_at, updated_at)
      select new_id(), r.id, p_session, r.event_id, r.person_id, 'no-show', 0, 1, p_at, p_at
      from registrations r where r.id = any (v_missing) and r.status = 'confirmed'
      order by r.id
      on conflict do nothing returning id, person_id
    )
    select coalesce(array_agg(id), '{}'), coalesce(array_agg(distinct person_id), '{}') into v_new, v_persons
    from written;
    update persons set version = version + 1, updated_at = p_at where id = any (v_persons);
    perform append_person_changes(v_persons);
    perform append_activity_changes(v_new, 'attendance.changed', '{}');
    return cardinality(v_missing);
  end $$;
`;
