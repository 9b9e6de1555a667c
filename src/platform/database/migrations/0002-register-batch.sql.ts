/**
 * Many registrations in one transaction.
 *
 * 1. Lock the events, in order of their ids.
 * 2. In a new statement, which sees what the lock waited for, judge every item: repeated, unknown, closed, already
 *    there, no seat in a session, or new; number the new ones of each event and give out places in that order.
 * 3. Write persons in order of their e-mails, registrations, consents, enrolments, counters, idempotency records.
 * 4. Append the changes.
 *
 * No two items of a call share an e-mail or an idempotency key; the caller sees to that. The joins are lateral with
 * a limit, because a plain one gets a generic plan that hashes whole tables: a third of the speed. `is true` keeps
 * the planner from looking for a person among all registrations of a hot event: a twentieth of the speed.
 *
 * Plans are generic from the start: planning anew for each call costs more than the call of one.
 *
 * In a call of several, an item that might find no seat in a session is `crowded` and comes back alone, where the
 * answer is exact: one that will be refused must not take a place from the one behind it.
 */
export const REGISTER_BATCH_SQL = `
  create function register_batch(
    p_at timestamptz, p_keep interval,
    p_ids uuid[], p_event_ids uuid[], p_person_ids uuid[], p_email_keys text[], p_emails text[],
    p_first_names text[], p_last_names text[], p_companies text[], p_job_titles text[], p_countries text[],
    p_phones text[], p_locales text[], p_attendees json[], p_answers json[], p_sources json[],
    p_form_versions integer[], p_scopes uuid[], p_keys text[], p_hashes bytea[],
    p_consent_items integer[], p_purposes text[], p_granted boolean[], p_text_versions text[],
    p_session_items integer[], p_session_ids uuid[]
  ) returns table (outcome text, resource_id uuid, place integer, first_status smallint)
  language plpgsql set plan_cache_mode = 'force_generic_plan' as $$
  declare
    v_outcomes text[];
    v_resources uuid[];
    v_places integer[];
    v_statuses smallint[];
    v_new uuid[];
    v_topics text[];
  begin
    perform from events where id = any (p_event_ids) order by id for no key update;

    with item as materialized (
      select * from unnest(p_ids, p_event_ids, p_person_ids, p_email_keys, p_emails, p_first_names, p_last_names,
          p_companies, p_job_titles, p_countries, p_phones, p_locales, p_attendees, p_answers, p_sources,
          p_form_versions, p_scopes, p_keys, p_hashes)
        with ordinality as i (id, event_id, person_id, email_key, email, first_name, last_name, company, job_title,
          country, phone, locale, attendee, answers, source, form_version, scope, key, hash, n)
    ), judged as materialized (
      select i.*, e.capacity, e.confirmed, e.waitlist_capacity, e.waitlisted, e.waitlist_last,
             coalesce(k.resource_id, r.id) as known_id, k.status as first_status,
             case when k.body_hash <> i.hash then 'reused'
                  when k.body_hash is not null then 'repeated'
                  when e.id is null or e.state = 'draft' then 'unknown'
                  when e.state = 'closed' or p_at < e.registration_opens_at or p_at >= e.ends_at
                    or p_at >= e.registration_closes_at then 'closed'
                  when r.id is not null then 'already'
                  else 'new' end as verdict
      from item i
      left join lateral (select * from idempotency_keys k
        where k.scope = i.scope and k.key = i.key and k.created_at > p_at - p_keep limit 1) k on true
      left join lateral (select * from events e where e.id = i.event_id limit 1) e on true
      left join lateral (select p.id from persons p where p.email_key = i.email_key limit 1) p on true
      left join lateral (select r.id from registrations r where r.person_id = p.id and (r.event_id = i.event_id) is true
        and r.status not in ('cancelled', 'erased') limit 1) r on true
    ), crowded as materialized (
      select distinct w.n from (
        select j.n, j.capacity, j.confirmed, s.capacity as seats, s.seats_taken,
               row_number() over (partition by s.id order by j.n) as turn
        from unnest(p_session_items, p_session_ids) c (item, session_id)
        join judged j on j.n = c.item and j.verdict = 'new'
        cross join lateral (select * from sessions where sessions.id = c.session_id limit 1) s
        where s.capacity is not null) w
      where w.seats_taken + w.turn > w.seats
        and (cardinality(p_ids) > 1 or w.capacity is null or w.confirmed < w.capacity)
    ), counted as materialized (
      select j.*, row_number() over (partition by j.event_id order by j.n) as turn,
             greatest(j.capacity - j.confirmed, 0) as free
      from judged j where j.verdict = 'new' and j.n not in (select crowded.n from crowded)
    ), placed as materialized (
      select c.*, case when c.capacity is null or c.turn <= c.free then 'confirmed'
                       when c.waitlist_capacity is null
                         or c.waitlisted + c.turn - c.free <= c.waitlist_capacity then 'waitlisted'
                       else 'full' end as status
      from counted c
    ), person as (
      insert into persons as p (id, email_key, email, first_name, last_name, company, job_title, country, phone,
                                locale, version, created_at, updated_at)
      select person_id, email_key, email, first_name, last_name, company, job_title, country, phone, locale, 1,
             p_at, p_at
      from placed where status <> 'full' order by email_key collate "C"
      on conflict (email_key) do update set
        email = excluded.email, first_name = excluded.first_name, last_name = excluded.last_name,
        company = coalesce(excluded.company, p.company), job_title = coalesce(excluded.job_title, p.job_title),
        country = coalesce(excluded.country, p.country), phone = coalesce(excluded.phone, p.phone),
        locale = coalesce(excluded.locale, p.locale), version = p.version + 1, updated_at = p_at
      returning p.id, p.email_key
    ), admitted as materialized (
      select placed.*, person.id as owner_id from placed join person on person.email_key = placed.email_key
    ), registration as (
      insert into registrations (id, event_id, person_id, status, waitlist_number, version, attendee, answers,
                                 form_version, source, created_at, updated_at)
      select id, event_id, owner_id, status,
             case when status = 'waitlisted' then waitlist_last + turn - free end,
             1, attendee, answers, form_version, source, p_at, p_at
      from admitted order by n
    ), consent as (
      insert into consents (person_id, registration_id, purpose, granted, text_version, at)
      select a.owner_id, a.id, c.purpose, c.granted, c.text_version, p_at
      from unnest(p_consent_items, p_purposes, p_granted, p_text_versions) c (item, purpose, granted, text_version)
      join admitted a on a.n = c.item
    ), enrolment as (
      insert into enrolments (registration_id, session_id, seated, created_at)
      select a.id, c.session_id, a.status = 'confirmed', p_at
      from unnest(p_session_items, p_session_ids) c (item, session_id)
      join admitted a on a.n = c.item
      returning session_id, seated
    ), seats as (
      update sessions s set seats_taken = s.seats_taken + t.n
      from (select session_id, count(*) as n from enrolment where seated group by session_id) t
      where s.id = t.session_id
    ), places as (
      update events e set confirmed = e.confirmed + t.confirmed, waitlisted = e.waitlisted + t.waitlisted,
                          waitlist_last = e.waitlist_last + t.waitlisted
      from (select event_id, count(*) filter (where status = 'confirmed') as confirmed,
                   count(*) filter (where status = 'waitlisted') as waitlisted
            from admitted group by event_id) t
      where e.id = t.event_id
    ), remembered as (
      insert into idempotency_keys (scope, key, body_hash, resource_id, status, created_at)
      select scope, key, hash, id, 201, p_at from admitted where key is not null
      union all
      select scope, key, hash, known_id, 409, p_at from judged where key is not null and verdict = 'already'
      on conflict (scope, key) do update set body_hash = excluded.body_hash, resource_id = excluded.resource_id,
        status = excluded.status, created_at = excluded.created_at
    )
    select array_agg(o.outcome order by o.n), array_agg(o.resource_id order by o.n),
           array_agg(o.place order by o.n), array_agg(o.first_status order by o.n),
           array_agg(o.resource_id order by o.n) filter (where o.outcome in ('confirmed', 'waitlisted')),
           array_agg('registration.' || o.outcome order by o.n) filter (where o.outcome in ('confirmed', 'waitlisted'))
    into v_outcomes, v_resources, v_places, v_statuses, v_new, v_topics
    from (
      select j.n, j.first_status,
             case when p.n is not null then p.status when j.verdict = 'new' then 'crowded' else j.verdict end as outcome,
             case when p.status <> 'full' then j.id else j.known_id end as resource_id,
             case when p.status = 'waitlisted' then p.waitlisted + p.turn - p.free end as place
      from judged j left join placed p on p.n = j.n
    ) o;

    if v_new is not null then
      perform append_registration_changes(v_new, v_topics);
    end if;
    return query select * from unnest(v_outcomes, v_resources, v_places, v_statuses);
  end $$;
`;
