/**
 * The batch, where some of it are logged in. Their registrations become their identity's in the same transaction; where
 * the event demands a login, an identity that has a living registration gets no other, and is told which one it has.
 * The row lock of the event, which linking by manage token takes too, makes that exact.
 *
 * As a pass that is no longer good does, who has a registration already goes to `register_batch` without an event: there
 * only what their idempotency key says is found. Batches of guests alone do not come through here.
 */
export const REGISTER_WITH_IDENTITIES_SQL = `
  create function register_batch_with_identities(
    p_at timestamptz, p_keep interval,
    p_ids uuid[], p_event_ids uuid[], p_person_ids uuid[], p_email_keys text[], p_emails text[],
    p_first_names text[], p_last_names text[], p_companies text[], p_job_titles text[], p_countries text[],
    p_phones text[], p_locales text[], p_attendees json[], p_answers json[], p_sources json[],
    p_form_versions integer[], p_scopes uuid[], p_keys text[], p_hashes bytea[],
    p_consent_items integer[], p_purposes text[], p_granted boolean[], p_text_versions text[],
    p_session_items integer[], p_session_ids uuid[],
    p_passes bigint[], p_turns smallint[], p_identities uuid[]
  ) returns table (outcome text, resource_id uuid, place integer, first_status smallint)
  language plpgsql as $$
  declare
    v_event_ids uuid[];
    v_linked uuid[];
  begin
    perform from events where id = any (p_event_ids) order by id for no key update;

    select array_agg(own.id order by i.n), array_agg(case when own.id is null then i.event_id end order by i.n)
    into v_linked, v_event_ids
    from unnest(p_ids, p_event_ids, p_identities) with ordinality i (id, event_id, identity_id, n)
    left join lateral (
      select own_registration(i.event_id, i.identity_id, i.id) as id
      from events e where e.id = i.event_id and e.sso = 'required') own on true;

    return query
      with decided as materialized (
        select * from register_batch_with_passes(p_at, p_keep, p_ids, v_event_ids, p_person_ids, p_email_keys, p_emails,
      p_first_names, p_last_names, p_companies, p_job_titles, p_countries, p_phones, p_locales, p_attendees, p_answers,
      p_sources, p_form_versions, p_scopes, p_keys, p_hashes, p_consent_items, p_purposes, p_granted, p_text_versions,
      p_session_items, p_session_ids, p_passes, p_turns)
          with ordinality d (outcome, resource_id, place, first_status, n)
      ), judged as materialized (
        select d.*, v_linked[d.n] is not null and d.outcome not in ('repeated', 'reused') as is_linked from decided d
      ), linked as (
        insert into registration_identities (registration_id, event_id, identity_id, created_at)
        select j.resource_id, i.event_id, i.identity_id, p_at
        from judged j, unnest(p_event_ids, p_identities) with ordinality i (event_id, identity_id, n)
        where i.n = j.n and i.identity_id is not null and j.outcome in ('confirmed', 'waitlisted')
      ), remembered as (
        insert into idempotency_keys (scope, key, body_hash, resource_id, status, created_at)
        select i.scope, i.key, i.hash, v_linked[j.n], 409, p_at
        from judged j, unnest(p_scopes, p_keys, p_hashes) with ordinality i (scope, key, hash, n)
        where i.n = j.n and i.key is not null and j.is_linked
        on conflict (scope, key) do update set body_hash = excluded.body_hash, resource_id = excluded.resource_id,
          status = excluded.status, created_at = excluded.created_at
      )
      select case when j.is_linked then 'linked' else j.outcome end,
             case when j.is_linked then v_linked[j.n] else j.resource_id end, j.place, j.first_status
      from judged j order by j.n;
  end $$;
`;

/** A registration that was made as a guest becomes an identity's. Locks: the event. */
export const LINK_REGISTRATION_SQL = `
  -- The living registration of an identity at an event, beside the one given; null where there is none.
  create function own_registration(p_event uuid, p_identity uuid, p_beside uuid) returns uuid language sql as $$
    select r.id from registration_identities i join registrations r on r.id = i.registration_id
    where i.event_id = p_event and i.identity_id = p_identity and r.id <> p_beside
      and r.status not in ('cancelled', 'erased')
    order by r.id limit 1
  $$;

  -- linked, again, unknown, taken, or another with the registration that the identity has. A manage token that a
  -- transfer ended in between is of another generation.
  create function link_registration(p_id uuid, p_generation integer, p_identity uuid, p_at timestamptz)
  returns table (outcome text, other_id uuid) language plpgsql as $$
  declare
    v_event events;
    v_registration registrations;
    v_holder uuid;
    v_other uuid;
  begin
    select e.* into v_event from events e
    where e.id = (select r.event_id from registrations r where r.id = p_id) for no key update;
    select r.* into v_registration from registrations r where r.id = p_id;
    if not found or v_registration.generation <> p_generation or v_registration.status = 'erased' then
      return query select 'unknown', null::uuid;
      return;
    end if;
    select i.identity_id into v_holder from registration_identities i where i.registration_id = p_id;
    if found then
      return query select case when v_holder = p_identity then 'again' else 'taken' end, null::uuid;
      return;
    end if;
    if v_event.sso = 'required' and v_registration.status <> 'cancelled' then
      v_other := own_registration(v_event.id, p_identity, p_id);
    end if;
    if v_other is not null then
      return query select 'another', v_other;
      return;
    end if;
    insert into registration_identities (registration_id, event_id, identity_id, created_at)
    values (p_id, v_event.id, p_identity, p_at);
    return query select 'linked', null::uuid;
  end $$;
`;
