/**
 * Whose an id of a platform is may be told after signals that name nothing else. Learning it settles those that wait,
 * under the event's lock, as registering does: so the order in which the two are told cannot matter.
 */
export const ACQUAINTANCES_SQL = `
  create index signals_waiting_by_external_id on signals (event_id, source, external_id)
    where registration_id is null and external_id is not null;

  create or replace function resolve_signals(p_registrations uuid[]) returns activity_outcome language plpgsql as $$
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
        and s.email_key = w.email_key
      union
      select w.id, s.id
      from wanted w
      join external_ids x on x.event_id = w.event_id and x.email_key = w.email_key
      join signals s on s.event_id = x.event_id and s.source = x.source and s.external_id = x.external_id
        and s.registration_id is null
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

  create function acquaint(p_at timestamptz, p_event_ids uuid[], p_sources text[], p_external_ids text[],
    p_email_keys text[]) returns void language plpgsql as $$
  declare
    v_found uuid[];
    v_persons uuid[];
    v_outcome activity_outcome;
  begin
    if not exists (
      select from unnest(p_event_ids, p_sources, p_external_ids) i (event_id, source, external_id)
      where not exists (select from external_ids x where x.event_id = i.event_id and x.source = i.source
        and x.external_id = i.external_id)) then
      return;
    end if;
    perform from events where id = any (p_event_ids) order by id for no key update;
    with learned as (
      insert into external_ids (event_id, source, external_id, email_key)
      select distinct on (i.event_id, i.source, i.external_id) i.event_id, i.source, i.external_id, i.email_key
      from unnest(p_event_ids, p_sources, p_external_ids, p_email_keys) i (event_id, source, external_id, email_key)
      order by i.event_id, i.source, i.external_id
      on conflict do nothing returning *
    )
    select array_agg(distinct r.id) into v_found
    from learned l
    join signals s on s.event_id = l.event_id and s.source = l.source and s.external_id = l.external_id
      and s.registration_id is null
    join persons p on p.email_key = l.email_key
    join registrations r on r.person_id = p.id and r.event_id = l.event_id and r.status not in ('cancelled', 'erased');
    if v_found is null then
      return;
    end if;
    perform from persons where id in (select person_id from registrations where id = any (v_found))
      order by email_key for no key update;
    perform from registrations where id = any (v_found) order by id for no key update;
    v_outcome := resolve_signals(v_found);
    if v_outcome.attendance is null then
      return;
    end if;
    v_persons := array(select distinct person_id from attendance where id = any (v_outcome.attendance));
    update persons set version = version + 1, updated_at = p_at where id = any (v_persons);
    perform append_person_changes(v_persons);
    perform append_activity_changes(v_outcome.attendance, 'attendance.changed', v_outcome.interactions);
  end $$;
`;
