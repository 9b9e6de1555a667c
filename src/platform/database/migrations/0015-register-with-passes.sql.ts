/**
 * The batch, where some of it hold a pass of the lobby. A pass is spent in the transaction that writes the
 * registration, so that it is good for exactly one; what is refused, or found by its idempotency key, spends nothing.
 *
 * An item whose pass is no longer good is handed to `register_batch` with no event: there it finds what its
 * idempotency key says, and is `unknown` otherwise, which stands here for the pass.
 */
export const REGISTER_WITH_PASSES_SQL = `
  create function register_batch_with_passes(
    p_at timestamptz, p_keep interval,
    p_ids uuid[], p_event_ids uuid[], p_person_ids uuid[], p_email_keys text[], p_emails text[],
    p_first_names text[], p_last_names text[], p_companies text[], p_job_titles text[], p_countries text[],
    p_phones text[], p_locales text[], p_attendees json[], p_answers json[], p_sources json[],
    p_form_versions integer[], p_scopes uuid[], p_keys text[], p_hashes bytea[],
    p_consent_items integer[], p_purposes text[], p_granted boolean[], p_text_versions text[],
    p_session_items integer[], p_session_ids uuid[],
    p_passes bigint[], p_turns smallint[]
  ) returns table (outcome text, resource_id uuid, place integer, first_status smallint)
  language plpgsql as $$
  declare
    v_event_ids uuid[];
    v_faults text[];
    v_now timestamptz;
  begin
    perform from events where id = any (p_event_ids) order by id for no key update;
    perform from lobby_calls c
      join unnest(p_event_ids, p_passes, p_turns) i (event_id, number, turn) using (event_id, number, turn)
      order by c.event_id, c.number, c.turn for update of c;
    v_now := clock_timestamp();

    select array_agg(f.fault order by f.n), array_agg(case when f.fault is null then f.event_id end order by f.n)
    into v_faults, v_event_ids
    from (
      select i.n, i.event_id, case
        when i.number is null or c.registration_id = i.id then null
        when c.number is null then 'pass-invalid'
        when c.ending = 'registered' then 'pass-spent'
        when c.ended_at is not null or c.until <= v_now then 'pass-expired' end as fault
      from unnest(p_ids, p_event_ids, p_passes, p_turns) with ordinality i (id, event_id, number, turn, n)
      left join lateral (select * from lobby_calls c where c.event_id = i.event_id and c.number = i.number
        and c.turn = i.turn limit 1) c on true) f;

    return query
      with decided as materialized (
        select * from register_batch(p_at, p_keep, p_ids, v_event_ids, p_person_ids, p_email_keys, p_emails, p_first_names, p_last_names,
      p_companies, p_job_titles, p_countries, p_phones, p_locales, p_attendees, p_answers, p_sources,
      p_form_versions, p_scopes, p_keys, p_hashes, p_consent_items, p_purposes, p_granted,
      p_text_versions, p_session_items, p_session_ids)
          with ordinality d (outcome, resource_id, place, first_status, n)
      ), spent as (
        update lobby_calls c set ended_at = v_now, ending = 'registered', registration_id = d.resource_id
        from decided d, unnest(p_event_ids, p_passes, p_turns) with ordinality i (event_id, number, turn, n)
        where d.n = i.n and d.outcome in ('confirmed', 'waitlisted')
          and c.event_id = i.event_id and c.number = i.number and c.turn = i.turn
      )
      select case when d.outcome = 'unknown' then coalesce(v_faults[d.n], d.outcome) else d.outcome end,
             d.resource_id, d.place, d.first_status
      from decided d order by d.n;
  end $$;
`;
